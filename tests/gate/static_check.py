"""Finds code that could write to the status page around the gate, by reading it.

Run by ``scripts/check`` and CI: ``python -m tests.gate.static_check src/incident_response``. It
reads syntax trees, so that a comment is no alarm and an alias no way out. What it cannot see, such
as a name computed at run time, it forbids altogether; the few places that need that are listed
with their reason. ``tests/gate/bypasses`` holds ways around the gate that it must all catch.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

APPROVAL = "domain/approval.py"
AUDIT = "domain/audit.py"
LEDGER = "domain/ledger.py"
REDACTION = "domain/redaction.py"
"""Has a mint of its own, for what may leave to a model."""
PORT = "ports/status_page.py"
GATE = "workflows/approval_gate.py"
PUBLISHING = "workflows/publishing.py"
ADAPTER = "adapters/statuspage.py"
CLIENT = "adapters/http/client.py"
VENDORS = "bootstrap/vendors.py"
BUILDING = "bootstrap/workflows.py"
LOCAL_STACK = "entrypoints/local_stack.py"
SETTINGS = "settings.py"
SANDBOX = "sandbox/"
"""The local stand-ins: they import nothing of ours (import-linter), and publish nowhere."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMES: Final[dict[str, frozenset[str]]] = {
    "_MINT": frozenset({APPROVAL, REDACTION}),
    "ApprovedDraft": frozenset({APPROVAL, PORT, PUBLISHING, ADAPTER}),
    "approved_to_send": frozenset({APPROVAL, PUBLISHING}),
    "approved_and_sent": frozenset({APPROVAL, PUBLISHING}),
    "StatusPage": frozenset({PORT, PUBLISHING, VENDORS}),
    "StatuspagePage": frozenset({ADAPTER, VENDORS}),
    "Publisher": frozenset({PUBLISHING, GATE, BUILDING}),
    "_publisher": frozenset({GATE}),
    "statuspage_api_key": frozenset({SETTINGS, VENDORS, LOCAL_STACK}),
    "statuspage_url": frozenset({SETTINGS, VENDORS, LOCAL_STACK}),
}
"""Where each name may stand at all, also as an alias or a string."""
MODULES: Final[dict[str, frozenset[str]]] = {
    "incident_response.domain.approval": frozenset({GATE, PUBLISHING, PORT, ADAPTER}),
    "incident_response.ports.status_page": frozenset({GATE, PUBLISHING, ADAPTER, VENDORS}),
    "incident_response.adapters.statuspage": frozenset({VENDORS}),
}
FORBIDDEN_MODULES: Final = _words(
    """
    builtins code ctypes gc httpx imp inspect marshal pickle requests runpy subprocess
    http.client urllib.request urllib3
    """
)
FORBIDDEN_BUILTINS: Final = _words(
    """
    __build_class__ __builtins__ __import__ breakpoint compile eval exec globals locals vars
    """
)
BY_NAME: Final = frozenset({"getattr", "setattr", "delattr"})
FORBIDDEN_ATTRIBUTES: Final = _words(
    """
    __bases__ __builtins__ __closure__ __code__ __dict__ __func__ __getattribute__ __globals__
    __mro__ __new__ __reduce__ __reduce_ex__ __setattr__ __subclasses__ __wrapped__ attrgetter
    methodcaller import_module model_construct partialmethod CodeType FunctionType
    create_subprocess_exec create_subprocess_shell popen spawnv
    """
)
PRIVATE: Final = _words("_advance _exchange _page _permit _post _proof _send")
"""Of the gate, of publishing and of the HTTP client: used by their owner alone."""
SENDING_VERBS: Final = _words("delete patch post put request ws_connect")
SESSIONS: Final = _words("_http _session http session")
ENTRIES: Final = frozenset(
    f"STATUSPAGE_{name}"
    for name in ["DRAFT_APPROVED", "NEEDS_HUMAN", "PUBLISHED", "REFUSED", "SENDING", "UNCERTAIN"]
)
"""Entries that prove an approval or its use: nobody else writes one."""
ENTRY_WRITERS: Final = frozenset({LEDGER, APPROVAL, AUDIT, GATE, PUBLISHING})
SEALED_CLASSES: Final = _words(
    """
    ApprovedDraft Publisher StatusPage StatuspageApprovalGate StatuspagePage VendorHttp
    """
)
ADDRESSES: Final = re.compile(r"statuspage\.io|/incidents\b", re.IGNORECASE)

ALLOWED: Final[dict[tuple[str, str], str]] = {
    ("entrypoints/main.py", "importlib.import_module"): "the process named on the command line",
    ("adapters/anthropic_drafter/", "importlib.import_module"): "a heavy SDK, when it is needed",
    ("bootstrap/backend.py", "importlib.import_module"): "one of the two backends",
    ("entrypoints/main.py", "sys.modules"): "what is not to be loaded",
    ("entrypoints/main.py", "import gc"): "no garbage is looked for among what is imported",
    ("entrypoints/drill_main.py", "importlib.import_module"): "a local AWS, where one is wanted",
    ("entrypoints/drill_aws.py", "asyncio.create_subprocess_exec"): "the local AWS",
    ("bootstrap/telemetry.py", "importlib.import_module"): "the SDK, where there is a collector",
    ("entrypoints/drill_life.py", "asyncio.create_subprocess_exec"): "audit verify, as people do",
    ("adapters/aws/signed.py", "self._signing.http.post"): "an item, signed for DynamoDB",
    ("adapters/aws/session.py", "getattr(self._client, name)"): "a call of an AWS client",
    ("alert_sources/alertmanager.py", "getattr(first, key)"): "a key of a table beside it",
    ("bootstrap/alert_intake.py", "getattr(settings,"): "a source's own two settings",
    ("bootstrap/vendors.py", "getattr(settings, need)"): "whether a vendor is configured",
    ("domain/policy.py", "getattr(of, name)"): "a field of a policy, by name",
    ("workflows/explain_policy.py", "getattr(of, name)"): "a field of a policy, by name",
    ("sandbox/slack/messages.py", "setattr(message, name, value)"): "a field of its own message",
    ("domain/approval.py", "object.__setattr__"): "the one place where an approved draft is made",
    ("domain/redaction.py", "object.__setattr__"): "a frozen value's own construction",
    ("durable/plan.py", "object.__setattr__"): "a frozen dataclass's own index",
    ("domain/redaction.py", "__reduce__"): "refuses to be pickled",
}
"""What is forbidden and needed nevertheless: file (or folder), how it begins, and the reason."""
OTHER_PUBLISHERS: Final = frozenset({"_postmortems", "postmortems"})
"""Receivers of another ``publish``: a postmortem goes to the issue tracker."""


@dataclass(frozen=True, order=True)
class Breach:
    """A place that is, or could be, a way around the gate."""

    path: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.what}"


def breaches(root: Path) -> list[Breach]:
    """Every breach in the package at ``root``."""
    found: list[Breach] = []
    for file in sorted(root.rglob("*.py")):
        found += breaches_in(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    return found


def breaches_in(path: str, source: str) -> list[Breach]:
    """Every breach in one module, which stands at ``path`` within the package."""
    path = re.sub(r"^adapters/statuspage/\w+\.py$", ADAPTER, path)
    reader = _Module(path, ast.parse(source))
    return sorted(set(reader.breaches()))


class _Module:
    """One module, read."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path = path
        self.tree = tree
        self.parents = {
            child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)
        }
        self.docstrings: set[ast.expr] = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }

    def breaches(self) -> Iterator[Breach]:
        for node in ast.walk(self.tree):
            for rule, what in self._look_at(node):
                if not self._is_allowed(node):
                    yield Breach(self.path, getattr(node, "lineno", 1), rule, what)
        if self.path == PUBLISHING:
            yield from self._one_sending()

    def _is_allowed(self, node: ast.AST) -> bool:
        text = ast.unparse(node)
        return any(
            self.path.startswith(path) and text.startswith(begin) for path, begin in ALLOWED
        )

    def _look_at(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        yield from self._imports(node)
        yield from self._dynamic(node)
        if not self.path.startswith(SANDBOX):
            yield from self._names(node)
            yield from self._strings(node)
            yield from self._classes(node)
            yield from self._publish(node)
            yield from self._http(node)
            yield from self._entries(node)

    # --- who may say what ---------------------------------------------------------------------

    def _names(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        for name in _names_in(node, self.docstrings):
            if name in NAMES and self.path not in NAMES[name]:
                yield "name", f"{name} belongs to the gate"
        is_class = isinstance(node, ast.Name) and node.id == "ApprovedDraft"
        if is_class and self.path != APPROVAL and not self._is_type(node):
            yield "mint", "an approved draft is made in domain/approval.py alone"

    def _is_type(self, node: ast.AST) -> bool:
        """Whether it only says of what type something is, or which permit a client asks for."""
        above = self.parents[node]
        while isinstance(above, (ast.Subscript, ast.List, ast.Tuple, ast.BinOp)):
            if isinstance(above, ast.Subscript):
                return True
            node, above = above, self.parents[above]
        if isinstance(above, ast.keyword):
            return above.arg == "permit"
        return (
            isinstance(above, ast.arg)
            or (isinstance(above, ast.AnnAssign) and above.annotation is node)
            or (
                isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef) and above.returns is node
            )
        )

    def _imports(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.ImportFrom) and (node.level or node.names[0].name == "*"):
            yield "import", "imports are absolute and name what they import"
        if isinstance(node, ast.alias) and node.name in FORBIDDEN_ATTRIBUTES:
            yield "import", f"{node.name} could reach anything"
        for module in _modules_in(node):
            if module in MODULES and self.path not in MODULES[module]:
                yield "import", f"{module} is for the gate alone"
            if module in FORBIDDEN_MODULES:
                yield "import", f"{module} could reach anything"

    # --- what cannot be read ------------------------------------------------------------------

    def _dynamic(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.Name) and node.id in FORBIDDEN_BUILTINS:
            yield "dynamic", f"{node.id} could do anything"
        if isinstance(node, ast.Name) and node.id in BY_NAME and not self._is_called(node):
            yield "dynamic", f"{node.id} is used where it stands, not passed on"
        if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_ATTRIBUTES:
            yield "dynamic", f"{node.attr} could reach anything"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.modules", "os.system"):
            yield "dynamic", f"{ast.unparse(node)} could reach anything"
        if isinstance(node, ast.Call):
            yield from self._calls(node)

    def _calls(self, call: ast.Call) -> Iterator[tuple[str, str]]:
        name = ast.unparse(call.func)
        if name in BY_NAME:
            asked = call.args[1] if len(call.args) > 1 else None
            text = asked.value if isinstance(asked, ast.Constant) else None
            if not isinstance(text, str):
                yield "dynamic", f"{name} takes a name that can be read"
            elif text in {"publish", "write", *NAMES, *FORBIDDEN_ATTRIBUTES, *PRIVATE}:
                yield "dynamic", f"{name} is no way to {text}"
        if name == "type" and len(call.args) > 1:
            yield "dynamic", "classes are written down"
        if name.endswith("EntryKind") and self.path not in ENTRY_WRITERS:
            yield "entry", "a kind of entry is named, not made"

    def _is_called(self, node: ast.AST) -> bool:
        above = self.parents[node]
        return isinstance(above, ast.Call) and above.func is node

    def _strings(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if self.path in (ADAPTER, SETTINGS):
            return
        if node in self.docstrings or not isinstance(node, ast.expr):
            return
        text = _folded(node)
        if text is not None and ADDRESSES.search(text):
            yield "address", "the page's address stands in its adapter alone"

    def _classes(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                if ast.unparse(base).rpartition(".")[2] in SEALED_CLASSES:
                    yield "subclass", f"{ast.unparse(base)} has no descendants"

    # --- what is sent -------------------------------------------------------------------------

    def _publish(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if not isinstance(node, ast.Attribute) or node.attr != "publish":
            return
        receiver = ast.unparse(node.value).rpartition(".")[2]
        if self.path != PUBLISHING and receiver not in OTHER_PUBLISHERS:
            yield "publish", "only workflows/publishing.py publishes"
        if self.path == PUBLISHING and not self._is_the_sending(node):
            yield "publish", "one plain awaited call with what was approved"

    def _is_the_sending(self, node: ast.Attribute) -> bool:
        """Whether this is ``await self._page.publish(approved)``, done once, of an argument."""
        call = self.parents[node]
        if not isinstance(call, ast.Call) or call.func is not node:
            return False
        is_plain = ast.unparse(call) == "self._page.publish(approved)"
        is_awaited = isinstance(self.parents[call], ast.Await)
        return is_plain and is_awaited and self._is_once_with_proof(call)

    def _is_once_with_proof(self, node: ast.AST) -> bool:
        """Whether it stands in no loop, in a function that is handed the proof."""
        while not isinstance(node, ast.AsyncFunctionDef):
            if isinstance(node, (ast.For, ast.AsyncFor, ast.While, ast.comprehension, ast.Module)):
                return False
            node = self.parents[node]
        proofs = [
            arg.arg
            for arg in (*node.args.args, *node.args.kwonlyargs)
            if arg.annotation is not None and ast.unparse(arg.annotation) == "ApprovedDraft"
        ]
        is_kept = all(
            not (isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store))
            or inner.id != "approved"
            for inner in ast.walk(node)
        )
        return proofs == ["approved"] and is_kept and not node.decorator_list

    def _one_sending(self) -> Iterator[Breach]:
        text = ast.unparse(self.tree)
        if text.count(".publish(") != 1:
            yield Breach(self.path, 1, "publish", "there is one sending in the whole program")

    def _http(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE:
            yield from self._privates(node)
        if isinstance(node, ast.Call):
            yield from self._requests(node)
        if self.path == ADAPTER:
            yield from self._adapter(node)

    def _privates(self, node: ast.Attribute) -> Iterator[tuple[str, str]]:
        if ast.unparse(node.value) not in ("self", "cls"):
            yield "private", f"{node.attr} is its owner's"

    def _requests(self, call: ast.Call) -> Iterator[tuple[str, str]]:
        if self.path.startswith(("adapters/http/", "adapters/slack/")):
            return
        if ast.unparse(call.func).rpartition(".")[2] == "ClientSession":
            yield "http", "sessions are made in adapters/http"
        receiver, _, verb = ast.unparse(call.func).rpartition(".")
        if verb in SENDING_VERBS and receiver.rpartition(".")[2] in SESSIONS:
            yield "http", "what is sent goes through VendorHttp"

    def _adapter(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "VendorHttp":
            yield from self._clients(node)
        if isinstance(node, ast.Attribute) and node.attr == "write":
            call = self.parents[node]
            if not isinstance(call, ast.Call) or call.func is not node:
                yield "permit", "a write is done where it stands, not passed on"
            elif _keyword(call, "permit") != "approved" or not self._is_once_with_proof(call):
                yield "permit", "a write shows the approved draft it was handed"

    def _clients(self, call: ast.Call) -> Iterator[tuple[str, str]]:
        if _keyword(call, "permit") != "ApprovedDraft":
            yield "permit", "the client asks for an approved draft"

    def _entries(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if not isinstance(node, ast.Attribute) or self.path in ENTRY_WRITERS:
            return
        if node.attr not in ENTRIES:
            return
        above = self.parents[node]
        is_counted = isinstance(above, ast.Call) and ast.unparse(above.func).endswith(".count")
        reads = (
            ast.Compare,
            ast.MatchValue,
            ast.Dict,
            ast.Set,
            ast.Tuple,
            ast.List,
            ast.Subscript,
        )
        if not is_counted and not isinstance(above, reads):
            yield "entry", f"{node.attr} is written by the gate alone"


def _names_in(node: ast.AST, docstrings: set[ast.expr]) -> Iterator[str]:
    """Every name that a node itself says."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.ClassDef(name=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.alias(name=name, asname=other):
            yield from name.split(".")
            yield other or ""
        case ast.Constant(value=str(text)) if node not in docstrings:
            yield text
        case _:
            pass


def _modules_in(node: ast.AST) -> Iterator[str]:
    """Every module that a node may import, by its full name, and what contains it."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names):
            yield module
            yield from (f"{module}.{alias.name}" for alias in names)
        case ast.Call(args=[ast.Constant(value=str(text)), *_]):
            if ast.unparse(node.func).endswith(("import_module", "__import__")):
                yield text
        case _:
            pass


def _folded(node: ast.expr) -> str | None:
    """The text that an expression of constants makes; None for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Constant(value=bytes(raw)):
            return raw.decode(errors="replace")
        case ast.JoinedStr(values=parts):
            return "".join(_folded(part) or "\0" for part in parts)
        case ast.FormattedValue(value=value):
            return _folded(value)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (_folded(left) or "\0") + (_folded(right) or "\0")
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            return (_folded(left) or "").replace("%s", _folded(right) or "\0")
        case ast.Call(func=ast.Attribute(value=receiver, attr="join"), args=[several]):
            parts = several.elts if isinstance(several, (ast.List, ast.Tuple)) else []
            return (_folded(receiver) or "").join(_folded(part) or "\0" for part in parts)
        case ast.Call(func=ast.Attribute(value=receiver, attr="format"), args=values):
            text = _folded(receiver) or ""
            for value in values:
                text = text.replace("{}", _folded(value) or "\0", 1)
            return text
        case _:
            return None


def _keyword(call: ast.Call, name: str) -> str:
    values = (ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == name)
    return next(values, "")


def main(arguments: list[str]) -> int:
    """Exit code 1 with a line for each breach."""
    root = Path(arguments[0])
    found = breaches(root)
    for breach in found:
        sys.stdout.write(f"{root}/{breach}\n")
    if not found:
        sys.stdout.write("No way to the status page but the gate.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
