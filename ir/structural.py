"""The kinds whose meaning is their structure: they have no card and no fixed schema."""

from __future__ import annotations

STRUCTURAL_KINDS = frozenset(
    f"prim::{name}"
    for name in """
    Constant If Loop Try
    TupleConstruct TupleUnpack TupleIndex TupleSlice NamedTupleConstruct
    ListConstruct ListUnpack DictConstruct
    CreateObject GetAttr SetAttr CallFunction CallMethod
    Uninitialized unchecked_cast unchecked_unwrap_optional isinstance
    ReturnStmt BreakStmt ContinueStmt
    RaiseException ReRaise ExceptionMatches ExceptionMessage
    Print FusionGroup
    NumToTensor NumToArray ArrayToTensor TensorToArray device
    """.split()
)
