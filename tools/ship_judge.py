"""How the classifier that comes with nnscratch was made, in about a minute:

    python -m tools.ship_judge

It says which of the demo's digits are recognisable. It has seen neither the digits that the generator is trained on (seed 0)
nor those that it is measured on.
"""
from nnscratch.data import glyphs
from nnscratch.generate.evaluate.classifier import SHIPPED
from nnscratch.generate.evaluate.classifier_training import train_classifier

if __name__ == "__main__":
    classifier = train_classifier(glyphs(20_000, seed=1), glyphs(2000, seed=2), steps=2000)
    classifier.save(SHIPPED)
    print(classifier)
