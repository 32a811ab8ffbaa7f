"""Evaluate a generator, offline: a small classifier, distances between its features, metrics, a report."""
from nnscratch.generate.evaluate.classifier import Classifier, Judge
from nnscratch.generate.evaluate.classifier_training import train_classifier
from nnscratch.generate.evaluate.distances import frechet_distance, kernel_distance, kernel_distance_interval
from nnscratch.generate.evaluate.metrics import evaluate_images
from nnscratch.generate.evaluate.modes import classes_covered, modes_hit
from nnscratch.generate.evaluate.neighbours import density_coverage, memorisation, precision_recall
from nnscratch.generate.evaluate.report import write_report

__all__ = ["Classifier", "Judge", "classes_covered", "density_coverage", "evaluate_images", "frechet_distance",
           "kernel_distance", "kernel_distance_interval", "memorisation", "modes_hit", "precision_recall", "train_classifier",
           "write_report"]
