"""What a QTI package for Canvas holds beside the questions: the manifest, a list of its files, and the settings of the quiz."""
from nnscratch.course.quiz.formats.choices import Quiz
from nnscratch.course.quiz.formats.xml import Node, node

__all__: list[str] = []  # for qti.py

PACKAGING = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
METADATA = "http://www.imsglobal.org/xsd/imsmd_v1p2"
CANVAS = "http://canvas.instructure.com/xsd/cccv1p0"


def manifest(quiz: Quiz) -> Node:
    """imsmanifest.xml: the file of questions is the quiz, and it depends on that of its settings."""
    meta = f"{quiz.name}/assessment_meta.xml"
    title = node("imsmd:lom", node("imsmd:general", node("imsmd:title", node("imsmd:string", quiz.title))))
    about = node("metadata", node("schema", "IMS Content"), node("schemaversion", "1.1.3"), title)
    questions = node("resource", node("file", href=f"{quiz.name}/{quiz.name}.xml"),
                     node("dependency", identifierref=f"{quiz.name}_settings"), identifier=quiz.name, type="imsqti_xmlv1p2")
    settings = node("resource", node("file", href=meta), identifier=f"{quiz.name}_settings", href=meta,
                    type="associatedcontent/imscc_xmlv1p1/learning-application-resource")
    return node("manifest", about, node("organizations"), node("resources", questions, settings),
                **{"identifier": f"{quiz.name}_manifest", "xmlns": PACKAGING, "xmlns:imsmd": METADATA})


def settings(quiz: Quiz) -> Node:
    """assessment_meta.xml: an assignment that is not published yet, with a point a question and one attempt."""
    points = f"{len(quiz.questions)}.0"
    assignment = {"title": quiz.title, "workflow_state": "unpublished", "quiz_identifierref": quiz.name,
                  "points_possible": points, "grading_type": "points", "submission_types": "online_quiz"}
    chosen = {"title": quiz.title, "description": "", "shuffle_answers": "false", "scoring_policy": "keep_highest",
              "quiz_type": "assignment", "points_possible": points, "show_correct_answers": "true", "allowed_attempts": "1",
              "one_question_at_a_time": "false", "available": "false"}
    marks = node("assignment", *(node(key, value) for key, value in assignment.items()), identifier=f"{quiz.name}_assignment")
    return node("quiz", *(node(key, value) for key, value in chosen.items()), marks, identifier=quiz.name, xmlns=CANVAS)
