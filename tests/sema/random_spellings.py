"""Writes a plan as SQL, each time in another way that means the same."""

from __future__ import annotations

from random import Random

from random_plans import Call, Column, Expr, Join, Literal, Query

COMPARISONS = {"eq": "=", "lt": "<", "lte": "<=", "neq": "<>"}
MIRRORED = {"eq": "=", "lt": ">", "lte": ">=", "neq": "!="}
SIGNS = {"add": "+", "mul": "*", "sub": "-"}


class Spelling:
    """One way of writing. All its choices are drawn from `random`."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.ctes: list[str] = []
        self.count = 0

    def chance(self, of: float = 0.5) -> bool:
        return self.random.random() < of

    def sql(self, query: Query) -> str:
        body = self.query(query, top=True)
        for unused in ("select * from u", "select k + 1 as z from t where a > 1 order by 1"):
            if self.chance(0.2):
                self.ctes.insert(0, f"{self.fresh('unused')} as ({unused})")
        text = f"with {', '.join(self.ctes)} {body}" if self.ctes else body
        words = [self.cased(word) for word in text.split(" ")]
        return "".join(word + self.gap(word) for word in words).strip()

    def cased(self, word: str) -> str:
        """Keywords and names in another case; names of the final outputs are as they are."""
        if "'" in word or "o" in word or self.chance(0.6):
            return word
        return word.upper()

    def gap(self, word: str) -> str:
        if word.lower().endswith(("order", "group", "partition")) or self.chance(0.8):
            return self.random.choice([" ", " ", "\n", "  "])
        return self.random.choice([" /* ; */ ", " -- select\n"])

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.random.choice('xyz')}{self.count}"

    def shuffled(self, parts: list[str]) -> list[str]:
        self.random.shuffle(parts)
        return parts

    # Queries -------------------------------------------------------------------------------------

    def query(self, query: Query, *, top: bool = False) -> str:
        aliases: list[str] = []
        source = ""
        commas = self.chance() and all(join.kind == "cross" for join in query.joins[1:])
        for join in query.joins:
            source = self.join(source, join, aliases, commas=commas)
        shown = [self.expr(expr, aliases) for _, expr in query.outputs]
        outputs = [
            f"{text} {self.random.choice(['as ', ''])}{name}"
            for text, (name, _) in zip(shown, query.outputs, strict=True)
        ]
        plain = query.keys is None and not query.distinct
        if not top and plain and self.chance(0.2):
            outputs.append(f"{self.random.randint(0, 9)} as {self.fresh('z')}")  # nobody reads it
        text = f"select {'distinct ' * query.distinct}{', '.join(outputs)} from {source}"
        if query.where is not None:
            text += f" where {self.expr(query.where, aliases)}"
        if query.keys:
            keys = [self.key(query, i, shown) for i in range(query.keys)]
            text += f" group by {', '.join(self.shuffled(keys))}"
        if query.order:
            terms = [
                self.key(query, i, shown) + self.random.choice(["", " asc"]) for i in query.order
            ]
            text += f" order by {', '.join(terms)}"
        if query.limit is not None:
            text += f" limit {query.limit}"
        return text

    def key(self, query: Query, number: int, shown: list[str]) -> str:
        """An output as a key: by position, name or expression."""
        name, expr = query.outputs[number]
        written = name if isinstance(expr, Literal) else shown[number]  # a number is a position
        return self.random.choice([str(number + 1), name, written])

    def join(self, left: str, join: Join, aliases: list[str], *, commas: bool) -> str:
        relation = self.relation(join.source, aliases)
        match join.kind:
            case "":
                return relation
            case "cross":
                return left + (", " if commas else " cross join ") + relation
            case "inner":
                words = self.random.choice(["join", "inner join"])
            case kind:
                words = self.random.choice([f"{kind} join", f"{kind} outer join"])
        assert join.on is not None
        return f"{left} {words} {relation} on {self.expr(join.on, aliases)}"

    def relation(self, source: str | Query, aliases: list[str]) -> str:
        alias = self.fresh("r")
        if isinstance(source, str):
            text = source
            if self.chance(0.3):
                aliases.append(source if source not in aliases else alias)
                return text if aliases[-1] == source else f"{text} {alias}"
        else:
            text = f"({self.query(source)})"
        while self.chance(0.2):
            text = f"(select * from {self.named(text)})"
        aliases.append(alias)
        return f"{self.named(text)} {self.random.choice(['as ', ''])}{alias}"

    def named(self, relation: str) -> str:
        """A subquery as it is, or as a CTE."""
        if not relation.startswith("(") or self.chance():
            return relation
        name = self.fresh("c")
        self.ctes.append(f"{name} as {relation}")
        return name

    # Expressions ---------------------------------------------------------------------------------

    def expr(self, expr: Expr, aliases: list[str]) -> str:
        text = self.bare(expr, aliases)
        if isinstance(expr, Call) and " " in text and not text.startswith("case "):
            text = f"({text})"
        return f"({text})" if self.chance(0.1) else text

    def bare(self, expr: Expr, aliases: list[str]) -> str:
        match expr:
            case Literal(text):
                return text
            case Column():
                return f"{aliases[expr.relation]}.{expr.name}"
            case Call(op, args):
                return self.call(op, args, [self.expr(arg, aliases) for arg in args])

    def call(self, op: str, args: tuple[Expr, ...], texts: list[str]) -> str:
        name, _, kind = op.partition(":")
        match name:
            case "and" | "or":
                return self.conditions(f" {op} ", self.shuffled(texts))
            case "not" | "is null":
                return f"not {texts[0]}" if op == "not" else f"{texts[0]} is null"
            case "between":
                value, low, high = texts
                if self.chance():
                    return f"{value} between {low} and {high}"
                return " and ".join(
                    self.shuffled(
                        [self.compared("lte", low, value), self.compared("lte", value, high)]
                    )
                )
            case "in":
                again = self.random.choices(texts[1:], k=self.random.choice([0, 0, 1]))
                return f"{texts[0]} in ({', '.join(self.shuffled([*texts[1:], *again]))})"
            case "add" | "mul" | "sub":
                alike = op == "mul" or (op == "add" and any(map(is_number, args)))
                pair = self.shuffled(texts) if alike else texts
                return f" {SIGNS[op]} ".join(pair)
            case "trycast":
                return f"try_cast({texts[0]} as {kind})"
            case "case":
                return f"case when {texts[0]} then {texts[1]} else {texts[2]} end"
            case "max over":
                keys = ", ".join(self.shuffled(texts[1:]))
                return f"max({texts[0]}) over (partition by {keys})"
            case _ if op in COMPARISONS:
                return self.compared(op, *texts)
            case _:
                return f"{op}({', '.join(texts)})"

    def compared(self, op: str, left: str, right: str) -> str:
        if self.chance():
            return f"{left} {COMPARISONS[op]} {right}"
        return f"{right} {MIRRORED[op]} {left}"

    def conditions(self, word: str, texts: list[str]) -> str:
        """`a and b and c`, bracketed in some way."""
        if len(texts) == 3 and self.chance():
            one, two, three = texts
            pair = f"({one}{word}{two})"
            return word.join(self.shuffled([pair, three]))
        return word.join(texts)


def is_number(expr: Expr) -> bool:
    """Whether the compiler knows it for a number."""
    if isinstance(expr, Column):
        return expr.known
    return isinstance(expr, Literal) or expr.op.startswith("trycast")
