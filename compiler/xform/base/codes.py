"""Every diagnostic code: one line each, grouped by the stage that finds it.

A code is born with its page (`xform explain CODE`), whose example is run as a test.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Code(msgspec.Struct, frozen=True):
    """`title` is the finding in general; the message of a diagnostic is the one at hand. One that
    is `opt_in` is looked for only where the project gives it a level."""

    id: str
    title: str
    severity: Literal["error", "warning", "info"]
    opt_in: bool = False

    @property
    def level(self) -> str:
        """How loudly it is said where the project says nothing of it."""
        return "off" if self.opt_in else self.severity


CODES: dict[str, Code] = {}


def _code(
    number: str,
    title: str,
    severity: Literal["error", "warning", "info"] = "error",
    *,
    opt_in: bool = False,
) -> Code:
    code = Code(f"XF{number}", title, severity, opt_in)
    assert code.id not in CODES, code.id
    CODES[code.id] = code
    return code


# 00xx: the command line and the machine
FOLDER_IN_USE = _code("0001", "a new project would overwrite something")
BAD_REQUEST = _code("0002", "a request that cannot be read")
# 01xx: project (files, settings, headers, yml, profiles)
NO_SETTINGS = _code("0101", "no project settings")
BAD_TOML = _code("0102", "settings are not valid TOML")
TWO_SETTINGS = _code("0103", "settings in two files", "warning")
UNKNOWN_KEY = _code("0104", "unknown setting")
WRONG_TYPE = _code("0105", "setting of the wrong type")
BAD_VALUE = _code("0106", "setting with a value that it cannot have")
NOT_YET = _code("0107", "not available in this version")
SET_TWICE = _code("0108", "setting given twice")
MISSING_KEY = _code("0109", "required setting is missing")
BAD_YAML = _code("0110", "not valid YAML")
DUPLICATE_KEY = _code("0111", "key stands twice in one mapping")
YAML_LIMIT = _code("0112", "YAML nested too deep or too large")
YAML_TAG = _code("0113", "YAML type that is not read")
UNUSED_DEFAULTS = _code("0114", "folder defaults that no model matches", "warning")
UNUSED_SILENCE = _code("0115", "a comment that silences nothing", "warning")
OPEN_HEADER = _code("0120", "settings block is not closed")
EMPTY_HEADER = _code("0121", "settings block is empty", "warning")
NO_MAPPING = _code("0122", "settings are not a mapping")
LATE_HEADER = _code("0123", "settings block is not at the top", "warning")
UNKNOWN_TEST = _code("0130", "unknown data test")
TEST_ARGUMENT = _code("0131", "data test with wrong arguments")
COLUMN_TWICE = _code("0132", "column described twice")
NOT_UTF8 = _code("0140", "file is not UTF-8")
NUL_CHARACTER = _code("0141", "file holds a NUL character")
EMPTY_MODEL = _code("0142", "model without a query")
UNREADABLE = _code("0143", "file cannot be read")
BAD_NAME = _code("0144", "name that an asset cannot have")
DUPLICATE_ASSET = _code("0145", "two assets of one name")
MISSING_FILE = _code("0146", "data file is missing")
UNKNOWN_FORMAT = _code("0147", "data file of unknown format")
LEADS_OUT = _code("0148", "path leads out of the project", "warning")
UNKNOWN_PATCH = _code("0150", "yml describes an asset that does not exist", "warning")
DUPLICATE_PATCH = _code("0151", "two yml entries describe one asset")
AMBIGUOUS_PATCH = _code("0152", "yml entry could mean several assets")
BAD_PYTHON = _code("0160", "not valid Python")
SEVERAL_MODELS = _code("0161", "several models in one Python file")
NOT_LITERAL = _code("0162", "setting is not a literal")
BAD_SIGNATURE = _code("0163", "Python model with a signature that cannot be called")
PYTHON_KIND = _code("0164", "kind that a Python model cannot have")
UNKNOWN_INPUT = _code("0165", "input for a parameter that does not exist")
NO_PROFILES = _code("0170", "profiles.yml not found")
UNKNOWN_PROFILE = _code("0171", "profile not found")
UNKNOWN_TARGET = _code("0172", "target not found")
UNKNOWN_ENGINE = _code("0173", "engine not known")
MISSING_VARIABLE = _code("0174", "environment variable is not set")
UNUSED_PROFILE_KEY = _code("0175", "profile setting that is not used", "warning")
BAD_EXPRESSION = _code("0176", "profile expression cannot be evaluated")
GRANTS_UNKNOWN = _code("0177", "grants on an engine that has none", "warning")
# 02xx: template
TEMPLATE_SYNTAX = _code("0201", "template syntax error")
TEMPLATE_TAG = _code("0202", "unknown or misplaced template tag")
TEMPLATE_UNCLOSED = _code("0203", "template tag that is never closed")
TEMPLATE_UNSUPPORTED = _code("0204", "template tag that is not available")
TEMPLATE_TOO_DEEP = _code("0205", "template nested too deeply")
TEMPLATE_UNDEFINED = _code("0206", "undefined template variable")
TEMPLATE_ATTRIBUTE = _code("0207", "unknown attribute in a template")
TEMPLATE_MACRO = _code("0208", "unknown macro")
TEMPLATE_ARGUMENTS = _code("0209", "call with wrong arguments")
TEMPLATE_VAR = _code("0210", "project variable is not defined")
TEMPLATE_ENV_VAR = _code("0211", "environment variable is not set")
TEMPLATE_FILTER = _code("0212", "unknown template filter or test")
TEMPLATE_UNSAFE = _code("0213", "not allowed in a template")
TEMPLATE_RECURSION = _code("0214", "macros call each other without end")
TEMPLATE_TOO_LARGE = _code("0215", "template does too much")
TEMPLATE_UNPRINTABLE = _code("0216", "value that cannot be written into SQL")
TEMPLATE_FAILED = _code("0217", "template expression failed")
TEMPLATE_RAISED = _code("0218", "error raised by a template")
TEMPLATE_SECRET = _code("0219", "secret in a template")
MACRO_DUPLICATE = _code("0220", "two macros of one name")
MACRO_HIDES_BUILTIN = _code("0221", "macro with the name of a built-in")
MACRO_BROKEN = _code("0222", "macro whose file has an error")
MACRO_PYTHON_FAILED = _code("0223", "Python macro failed")
MACRO_PYTHON_IMPORT = _code("0224", "Python macro file cannot be imported")
HOOK_READS = _code("0225", "a hook refers to what it cannot see")
# 03xx: sql (text to tree)
SQL_SYNTAX = _code("0301", "SQL syntax error")
SQL_EMPTY = _code("0302", "a model without a query")
SQL_SEVERAL_STATEMENTS = _code("0303", "more than one statement in a model")
SQL_NOT_A_QUERY = _code("0304", "a statement that is not a query")
SQL_UNKNOWN_DIALECT = _code("0305", "unknown SQL dialect")
SQL_TOO_DEEP = _code("0306", "SQL nested too deeply")
SQL_PARAMETER = _code("0307", "a query parameter in a model")
# 04xx: sema (names, columns)
UNKNOWN_RELATION = _code("0401", "unknown relation")
AMBIGUOUS_RELATION = _code("0402", "a name that several assets have")
UNKNOWN_COLUMN = _code("0403", "unknown column")
AMBIGUOUS_COLUMN = _code("0404", "a column that several relations have")
UNKNOWN_ALIAS = _code("0405", "a qualifier that names no relation in scope")
DUPLICATE_COLUMN = _code("0406", "two output columns with one name", "warning")
UNNAMED_COLUMN = _code("0407", "an output column without a name", "warning")
STAR_OVER_UNKNOWN = _code("0408", "a star over columns that are not known")
SET_COLUMN_COUNT = _code("0409", "a set operation over different numbers of columns")
COLUMN_COUNT = _code("0410", "a column list that does not fit")
BAD_ORDINAL = _code("0411", "a position that no output column has")
STAR_MODIFIER = _code("0412", "EXCLUDE, REPLACE or RENAME of a column that the star does not have")
UNKNOWN_WINDOW = _code("0413", "unknown window")
DUPLICATE_ALIAS = _code("0414", "two relations with one alias")
UNDECLARED_FILE = _code("0415", "a file read without being declared", "warning")
COLUMNS_UNKNOWN = _code("0416", "a relation whose columns are not known")
SELF_REFERENCE = _code("0417", "a model that reads itself")
DECLARED_COLUMN = _code("0418", "a declared column that the model does not have", "warning")
READS_EXPOSURE = _code("0419", "a query that reads an exposure")
AGGREGATE_IN_WHERE = _code("0420", "an aggregate in WHERE")
NESTED_AGGREGATE = _code("0421", "an aggregate within an aggregate")
WINDOW_MISPLACED = _code("0422", "a window function where none can stand")
NOT_GROUPED = _code("0423", "a column that is neither grouped nor aggregated")
NULL_COMPARISON = _code("0424", "a comparison with NULL", "warning")
LIMIT_WITHOUT_ORDER = _code("0425", "LIMIT without ORDER BY", "warning")
UNUSED_CTE = _code("0426", "a CTE that nothing reads", "warning")
UNLINKED_RELATION = _code("0427", "a relation that nothing links to the others", "warning")
UNREAD_COLUMN = _code("0428", "a column that nothing reads", "warning", opt_in=True)
UNKNOWN_FUNCTION = _code("0430", "an unknown function", "warning")
ARGUMENT_COUNT = _code("0431", "a call with the wrong number of arguments")
ARGUMENT_TYPES = _code("0432", "an operator or function over types that it does not take")
MIXED_TYPES = _code("0433", "values put together that have no type in common")
COMPARED_TYPES = _code("0434", "a comparison of different types", "warning")
JOINED_TYPES = _code("0435", "a join on columns of different types", "warning")
SET_TYPES = _code("0436", "a set operation over columns of different types", "warning")
INTEGER_DIVISION = _code("0437", "a division that drops the fraction", "warning")
DECLARED_TYPE = _code("0438", "a column of another type than declared", "warning")
NOT_CONVERTIBLE = _code("0439", "a text that is no value of its type", "warning")
NOT_SLICED = _code("0440", "a query that cannot be computed interval by interval")
TIME_COLUMN = _code("0441", "an incremental model without its time column")
VOLATILE_INCREMENTAL = _code(
    "0442", "an incremental model that asks for the time or for chance", "warning"
)
KEY_COLUMN = _code("0444", "a model that grows by a column that it does not have")
CARRIED_READS = _code("0443", "an incremental form that reads what the whole does not")
UNRESOLVED_COLUMN = _code("0450", "a column that several relations may have", "warning")
OPEN_OUTPUT = _code("0451", "output columns that cannot be listed", "warning")
TARGET_UNKNOWN = _code("0452", "values written by position to columns not known", "warning")
# 05xx: graph and selection
DEPENDENCY_CYCLE = _code("0501", "assets read each other in a circle")
SELECTION_SYNTAX = _code("0502", "a selection cannot be read")
SELECTION_METHOD = _code("0503", "a selection method is unknown")
SELECTION_VALUE = _code("0504", "a selection method does not take this value")
SELECTION_FACTS = _code("0505", "a selection method needs something that was not given")
SELECTION_EMPTY = _code("0506", "a selection matches nothing", "warning")
SELECTOR_UNKNOWN = _code("0507", "a named selector does not exist")
SELECTOR_FORM = _code("0508", "a definition in selectors.yml cannot be read")
SELECTOR_CYCLE = _code("0509", "named selectors refer to each other in a circle")
SELECTOR_MIXED = _code("0510", "--selector stands beside --select or --exclude", "warning")
# 06xx: plan
NOT_AN_ASSET = _code("0601", "a name that is no asset")
NOT_A_COLUMN = _code("0602", "a name that is no column of the asset")
NOT_BUILT = _code("0603", "an asset that has no build to look at")
NO_ENVIRONMENT = _code("0604", "an environment that shows nothing")
PROD_STAYS = _code("0605", "the environment prod cannot be dropped")
NO_RUN = _code("0606", "a run that is not remembered, or cannot be repeated")
PLAN_FILE = _code("0607", "a file that is no plan for here")
PLAN_PROJECT_MOVED = _code("0608", "the project has changed since a plan was made")
PLAN_INPUT_MOVED = _code("0609", "data have changed since a plan was made")
PLAN_STATE_MOVED = _code("0610", "something was built since a plan was made")
NO_PUBLISHING = _code("0611", "a publishing that there is none of, or nothing before it")
BUILDS_GONE = _code("0612", "builds that are gone from the warehouse")
NO_BAD_ROWS = _code("0613", "bad rows that are not kept")
ROWS_UNREAD = _code("0614", "an asset whose rows cannot be compared")
NOT_COMPARABLE = _code("0615", "an asset that no environment has of its own")
ENVIRONMENT_HELD = _code("0621", "another process writes the environment")
LEASE_LOST = _code("0622", "another process has taken over the environment meanwhile")
INTERVALS_MISSING = _code("0631", "intervals that an input does not hold")
NOTHING_BY_TIME = _code("0632", "a selection without incremental models")
# 07xx: run and engines
WAREHOUSE_BUSY = _code("0701", "the warehouse is in use by another process")
ENGINE_REFUSED = _code("0702", "the engine refuses a statement")
BUILD_FAILED = _code("0703", "a build failed while it ran")
PYTHON_RAISED = _code("0704", "a Python model raised an error")
PYTHON_RESULT = _code("0705", "a Python model returned what cannot be stored")
PYTHON_LOAD = _code("0706", "a Python model cannot be loaded")
COLUMNS_DIFFER = _code("0707", "a build has other columns than were compiled")
TEST_FAILED = _code("0708", "a test failed")
TEST_WARNED = _code("0709", "a test failed that only warns", "warning")
TEST_BROKEN = _code("0710", "a test could not run")
TEST_BROKEN_WARNED = _code("0711", "a test that only warns could not run", "warning")
NAME_TAKEN = _code("0712", "a published name is taken")
PUBLISH_FAILED = _code("0713", "publishing failed")
ENGINE_SETTINGS = _code("0714", "the engine does not take a setting")
ENGINE_UNUSABLE = _code("0715", "the engine cannot be used")
STATE_UNUSABLE = _code("0716", "the state cannot be used")
STATE_REBUILT = _code("0717", "the state was damaged and starts anew", "warning")
SOURCES_UNSEEN = _code("0718", "tables that could not be looked at for new data", "warning")
TIMED_OUT = _code("0719", "a model that took longer than its timeout")
HOOK_FAILED = _code("0720", "a hook failed")
STATE_UNREACHABLE = _code("0731", "the server of the state cannot be reached")
STATE_DENIED = _code("0732", "the state's server denies a right")
STATE_DRIVER = _code("0733", "a driver of the state is not installed")
# 08xx: checks
CHECK_RELATION = _code("0801", "a test refers to an asset that does not exist")
CHECK_UNSTORED = _code("0802", "a test reads an asset that is not stored")
CHECK_ARGUMENT = _code("0803", "an argument of a test cannot be used")
TEST_COLUMN = _code("0804", "a test names a column that the asset does not have")
CHECK_READS_NOTHING = _code("0806", "a test that reads no asset")
CHECK_CONDITION = _code("0807", "a condition of a test that reads other tables")
CHECK_FIELD = _code("0808", "a test compares with a column that the other asset does not have")
TEST_DOWNSTREAM = _code("0805", "a test reads something that is built from what it tests")
# 085x: unit tests
UNIT_MODEL = _code("0851", "a unit test of something that is no model")
UNIT_INPUT = _code("0852", "a unit test gives an input that its model does not read")
UNIT_COLUMN = _code("0853", "a unit test names a column that is not there")
UNIT_VALUE = _code("0854", "a value in a unit test that does not fit its column")
UNIT_CSV = _code("0855", "rows of a unit test that are not valid CSV")
UNIT_TWICE = _code("0856", "two unit tests of one name")
UNIT_FIXTURE = _code("0857", "a fixture that is missing")
UNIT_SQL = _code("0858", "SQL of a unit test that cannot be used")
UNIT_FAILED = _code("0859", "a unit test failed")
UNIT_BROKEN = _code("0860", "a unit test could not run")
UNIT_OVERRIDE = _code("0861", "a unit test overrides a macro that does not exist")
UNIT_FORM = _code("0862", "a unit test asks for a form that its model does not have")
UNIT_SAMPLE = _code("0863", "no unit test can be made of real rows")
# 09xx: comparing revisions
NO_REVISION = _code("0901", "git cannot give a revision to compare with")
BREAKING_CHANGE = _code("0902", "a change takes away what others may read")
CHANGE_LIMIT = _code("0903", "a change costs more than it may")
POSTING = _code("0904", "GitHub did not take a verdict", "warning")
OUT_OF_BOUNDS = _code("0905", "an untrusted change takes more than it may")
UNTRUSTED_CODE = _code("0906", "Python code of an untrusted change is not run")
# 10xx: layout and fixes
NOT_LAID_OUT = _code("1001", "a file whose layout cannot be told", "warning")
WOULD_CHANGE = _code("1002", "an edit that would change what is built", "warning")
