"""DynamoDB's expressions, which moto reads anew for each request, several times over: the same answers in less time.

Written for moto 5.2.5, and for what is the same in 5.1.22.  What is remembered is bounded and depends on all that it is
made of; what moto changes afterwards is a copy.  `emulator/test_expressions.py` holds answers against moto's own.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import Any

from moto.core import responses
from moto.core.utils import method_names_from_class
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import ast_nodes, expressions
from moto.dynamodb.parsing.validators import Validator

from kinesis_lab.emulator.patches import Patches

_nodes: Any = ast_nodes
_expressions: Any = expressions

MOST_REMEMBERED = 256
"""Expressions: programs have few, and values stand beside them."""


def attach(patches: Patches) -> None:
    """Do what follows in moto's place."""
    parse = lru_cache(MOST_REMEMBERED)(_expressions.UpdateExpressionParser.make)
    patches.attribute(_expressions.UpdateExpressionParser, "make", staticmethod(parse))
    patches.attribute(Validator, "__init__", _begin_to_validate)
    patches.attribute(_nodes.DepthFirstTraverser, "traverse", _traverse)
    patches.attribute(_nodes.Node, "find_clauses", _find_clauses)
    patches.attribute(ConditionExpressionParser, "parse", _parsed_once(ConditionExpressionParser.parse))
    patches.attribute(ConditionExpressionParser, "_lex_condition_expression", _remembered_tokens())
    patches.attribute(responses, "method_names_from_class", lru_cache(MOST_REMEMBERED)(method_names_from_class))


def _begin_to_validate(
    self: Any,
    expression: Any,
    expression_attribute_names: Any,
    expression_attribute_values: Any,
    item: Any,
    table: Any,
) -> None:
    """What `Validator` begins with, but for the deep copy of its tree."""
    self.expression_attribute_names = expression_attribute_names
    self.expression_attribute_values = expression_attribute_values
    self.item = item
    self.table = table
    self.processors = self.get_ast_processors()
    self.node_to_validate = _copied(expression)


def _copied(node: Any) -> Any:
    """A tree of nodes of its own, the leaves of which are values that nobody changes."""
    copy = object.__new__(type(node))
    vars(copy).update(vars(node))
    if node.children is not None:
        copy.children = [_copied(child) if type(child) in NODES else child for child in node.children]
        for child in copy.children:
            if type(child) in NODES:
                child.parent = copy
    return copy


def _traverse(self: Any, node: Any) -> Any:
    """Process a tree as `DepthFirstTraverser` does, which asks at each node anew which kinds are to be processed."""
    processors: dict[type, Any] = self._processing_map()
    processed = _classes_by_kind(tuple(processors))
    before = None
    if type(self).pre_processing_of_child is not _nodes.DepthFirstTraverser.pre_processing_of_child:
        before = self.pre_processing_of_child

    def go(node: Any, place: int) -> Any:
        above = node.parent
        if node.children:
            for n, child in enumerate(node.children):
                if before:
                    before(node, n)
                if type(child) in NODES:
                    go(child, n)
        kind = processed.get(type(node))
        if kind:
            node = processors[kind](node)
            node.parent = above
            if above:
                above.children[place] = node
        return node

    return go(node, -1) if type(node) in NODES else node


def _find_clauses(self: Any, clause_types: Any) -> list[Any]:
    """Those of these types among the children of a node, and within those that may have some."""
    found: list[Any] = []
    for child in self.children or ():
        kind = type(child)
        if kind in clause_types:
            found.append(child)
        elif kind in WITH_CLAUSES and child.children:
            found += _find_clauses(child, clause_types)
    return found


def _classes(*above: type) -> frozenset[type]:
    """The classes of nodes that are derived from some: moto's are abstract, and slow to tell of a node what it is."""
    return frozenset(each for each in vars(_nodes).values() if isinstance(each, type) and issubclass(each, above))


NODES = _classes(_nodes.Node)
WITH_CLAUSES = _classes(_nodes.Expression, _nodes.UpdateExpressionFunction)


@lru_cache(MOST_REMEMBERED)
def _classes_by_kind(classes: tuple[type, ...]) -> dict[type, type]:
    """For each class of nodes the first of these that it is or is derived from."""
    return {node: above for node in NODES for above in reversed(classes) if issubclass(node, above)}


def _remembered_tokens() -> Any:
    lex = ConditionExpressionParser._lex_condition_expression

    @lru_cache(MOST_REMEMBERED)
    def tokens(text: str) -> tuple[Any, ...]:
        return tuple(lex(ConditionExpressionParser(text, None, None)))

    def remembered(self: Any) -> deque[Any]:
        return deque(tokens(self.condition_expression))

    return remembered


def _parsed_once(parse: Any) -> Any:
    """Moto reads the condition of a request twice, one time right after the other."""
    last: list[Any] = [None]

    def parsed(self: Any) -> Any:
        of = self.condition_expression, self.expression_attribute_names, self.expression_attribute_values
        if last[0] is not None and last[0][0] == of:
            _, condition, names, values = last[0]
            self.expr_attr_names_found.extend(names)
            self.expr_attr_values_found.extend(values)
            return condition
        condition = parse(self)
        last[0] = of, condition, self.expr_attr_names_found[:], self.expr_attr_values_found[:]
        return condition

    return parsed
