"""Public callables that test_array_likes.py does not call with junk, each with its reason."""
PARTS = {  # nobody calls these but the package, which has checked what it gives them: a check would only cost time
    "hooks: a subclass writes them, its base class calls them": [
        "*.compute", "*.differentiate", "*.build", "*.kernel_shape", "layers.*.linear", "layers.*.linear_backward",
        "*.output_shape", "*.multiply_adds", "*.update", "generate.trainer.Trainer.train_step",
        "*.current", "layers.graph.Symbol"],
    "parts of the engine: called with what `fast`, a layer or an optimizer has checked": [
        "fast.cpu.*", "fast.cuda.*", "fast.dispatch.*", "fast.updates.*", "fast.workspace.*", "recording.*"],
    "parts of data-parallel training: the same code calls them in all processes": [
        "parallel.*", "shard.*", "*.share", "generate.trainer.Trainer.optimize"],
    "parts of the proof: loops to compare with, cases, mistakes made on purpose": [
        "ops.reference.*", "gradcheck.cases.*", "gradcheck.diagnose.*", "gradcheck.equality.*", "gradcheck.layer_cases.*",
        "gradcheck.mutants.*", "gradcheck.table.*"],
}
TAKE_ANYTHING = {  # called with junk in all their arguments: no exception but an InputError
    "records: they keep what they are given, and whoever reads them checks it": [
        "bench.cases.Case", "classify.network.Preset", "course.checks.exercise.Answer", "course.digits.Digits",
        "course.draw.exploration.Exploration",
        "course.draw.node_graph.Node", "course.draw.number_grid.Grid",
        "course.formula_card.Card", "course.gan_failures.Variant", "course.quiz.question.Question", "course.steps.Step",
        "course.tracing.Trace", "data.animation.Film", "data.parts.Parts", "data.splits.Splits", "generate.adversarial.Pair",
        "generate.adversarial_losses.AdversarialLoss", "generate.evaluate.modes.Modes",
        "generate.evaluate.neighbours.Memorisation", "gradcheck.report.Report",
        "networks.gan.Preset", "ops.window.Window", "style.features.LossNetwork", "style.masks.Region", "style.tiling.Strip",
        "style.transfer.Transfer"],
    "takes anything, and says something about it": [
        "backend.array_module", "backend.describe_device", "errors.printable", "memory.is_cuda_out_of_memory",
        "memory.out_of_memory_message", "data.synthetic.styles.is_style"],
}
EXCEPTIONS = PARTS | TAKE_ANYTHING | {
    "judges: whatever an attempt does becomes an answer or a mark (test_course_checks.py, test_course_marks.py)": [
        "course.checks.exercise.Exercise.answer", "course.marks.mark"],
    "draws: `explore` has checked": ["course.draw.exploration.Exploration.frame"],
    "measures: called by `bench.run.bench`, which has checked": [
        "bench.cases.Case.draw", "bench.layers.*", "bench.machine.*", "bench.report.*", "bench.roofline.*", "bench.sweep.*"],
    "the command line: a mistake ends in an exit code (test_cli.py)": ["cli.main"],
    "writes a line to the log": ["data.readers.folder.log_skipped"],
}
