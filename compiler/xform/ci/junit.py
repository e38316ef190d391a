"""A change as JUnit XML: a test case for each asset that is not what it was.

The form is that which Jenkins and GitLab read: a failure for what may not be merged, the rest as
output of a case that passed.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from xform.app.environments.preview import Preview, asset_words, other_tests
from xform.ci.cell_diff import test_lines
from xform.ci.checking import Limits, failing_tests, findings
from xform.ci.data import table_text
from xform.ci.markdown import asset_text
from xform.plan.changes import WEIGHTS, AssetChange, ProjectChange
from xform.plan.wording import category_words, failing_words, headline

_NAME = "xform ci"


def junit_text(change: ProjectChange, limits: Limits, preview: Preview | None = None) -> str:
    root = Element("testsuites", name=_NAME)
    suite = SubElement(root, "testsuite", name=headline(change.verdict))
    failures = errors = 0
    for item in change.changes:
        case = SubElement(
            suite, "testcase", classname=f"{_NAME}.{item.weight}", name=item.asset, file=item.path
        )
        if _fails(item, limits):
            failures += 1
            told = SubElement(case, "failure", message=category_words(item), type=item.weight)
        else:
            told = SubElement(case, "system-out")
        told.text = _clean(asset_text(item))
    if preview is not None:
        failures += _built(suite, preview)
    about = {item.path for item in change.changes if item.breaks}
    tests = list(failing_tests(change))
    for finding in findings(change, limits):
        if finding.span.path in about or finding.severity != "error":
            continue
        if finding in tests:
            continue
        errors += 1
        name = f"{finding.span}: {finding.code}"
        case = SubElement(suite, "testcase", classname=f"{_NAME}.finding", name=name)
        SubElement(case, "error", message=finding.message, type=finding.code).text = finding.help
    for test in change.units.failing if change.units is not None else ():
        failures += 1
        name = f"{test.name} of {test.model}"
        case = SubElement(
            suite, "testcase", classname=f"{_NAME}.unit test", name=name, file=test.span.path
        )
        case.set("line", str(test.span.line))
        told = SubElement(case, "failure", message=_clean(failing_words(test)), type=test.status)
        told.text = _clean("\n".join(test_lines(test)))
    counts = {"tests": len(suite), "failures": failures, "errors": errors}
    for element in (root, suite):
        for key, number in counts.items():
            element.set(key, str(number))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"


def _built(suite: Element, preview: Preview) -> int:
    """A case for each asset that was built, with how its rows differ, and for each test that did
    not pass; the number of failures among them."""
    place = f"{_NAME}.{preview.environment}"
    if not preview.built:
        case = SubElement(suite, "testcase", classname=place, name="build")
        SubElement(case, "failure", message=preview.problem, type="build")
        return 1
    failures = 0
    for item in preview.assets:
        case = SubElement(suite, "testcase", classname=place, name=item.asset, file=item.path)
        if item.status == "success":
            text = table_text(preview, item.asset)
            if text:
                SubElement(case, "system-out").text = _clean(text)
            continue
        failures += 1
        SubElement(case, "failure", message=_clean(asset_words(item)), type=item.status)
    for test in other_tests(preview):
        name = f"{test.asset}: {test.test}"
        case = SubElement(suite, "testcase", classname=f"{place}.tests", name=name)
        message = _clean(test.message)
        if test.status == "warn":
            SubElement(case, "system-out").text = message
        else:
            failures += 1
            SubElement(case, "failure", message=message, type=test.status)
    return failures


def _fails(item: AssetChange, limits: Limits) -> bool:
    if limits.fail_on is None:
        return False
    return WEIGHTS.index(item.weight) <= WEIGHTS.index(limits.fail_on)


def _clean(text: str) -> str:
    """Without what XML has no form for."""
    return "".join(char for char in text if char in "\t\n" or char >= " ")
