"""Judging a generator, offline: a small network as the judge, distances from its features, a verdict, a report."""
from nnscratch.generate.judge.classifier import Judge, train_judge
from nnscratch.generate.judge.distances import frechet_distance, kernel_distance, kernel_distance_interval
from nnscratch.generate.judge.modes import classes_covered, modes_hit
from nnscratch.generate.judge.neighbours import density_coverage, memorisation, precision_recall
from nnscratch.generate.judge.report import write_report
from nnscratch.generate.judge.verdict import judge_pictures
