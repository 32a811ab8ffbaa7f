"""Judging a generator, offline: a small network as the judge, distances from its features, a verdict, a report."""
from nnscratch.generate.evaluate.classifier import Judge, train_judge
from nnscratch.generate.evaluate.distances import frechet_distance, kernel_distance, kernel_distance_interval
from nnscratch.generate.evaluate.metrics import judge_images
from nnscratch.generate.evaluate.modes import classes_covered, modes_hit
from nnscratch.generate.evaluate.neighbours import density_coverage, memorisation, precision_recall
from nnscratch.generate.evaluate.report import write_report
