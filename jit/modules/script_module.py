"""A captured module: parameters, buffers, submodules, and compiled methods.

It looks like the `nn.Module` it was made of. The state lives in `Object`s of the program,
which compiled code reads and writes; the tensors are the very ones of the original
module, so that training one trains the other.
"""

from __future__ import annotations

import copy
import dataclasses
import io
from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from jit.frontend.hooks import CALL
from jit.ir import types as T
from jit.ir.diagnostic import Error
from jit.ir.graph import Graph
from jit.ir.program import (
    BUFFER,
    PARAMETER,
    SUBMODULE,
    Function,
    Program,
)
from jit.ir.schema import FunctionSchema
from jit.modules.arguments import (
    bind_arguments,
    enter,
    gives_arrays,
    leave,
)
from jit.modules.linked import Linked
from jit.modules.written_modules import ScriptMeta
from jit.python_text import Constants, code_with_constants
from jit.runtime import autocast, conditions, dispatch
from jit.runtime.codegen.calls.callable_type import DirectCallable
from jit.runtime.executor import CacheInfo, Executor, Explanation
from jit.runtime.objects import Object
from jit.runtime.python_classes import class_named
from jit.torch.nn import Module


class ScriptMethod(Linked):
    """A compiled method, bound to its module."""

    __slots__ = ()

    def __init__(self, owner: ScriptModule, function: Function) -> None:
        super().__init__()
        self._owner = owner
        self.function = function
        self.__name__ = self.name = function.name.rpartition(".")[2]
        self.__doc__ = function.doc or None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if dispatch.caster is not None:
            autocast.refuse_compiled()
        values = bind_arguments(self.function.schema, args, kwargs, skip=1)
        entered = self._entered(values)
        arrays = gives_arrays(values)
        owner, name = self._owner, self.function.name
        obj, executor = owner.__script_object__, owner._executor
        if dispatch.observer is not None:
            result = dispatch.observer.method(
                owner.program,
                obj,
                self.name,
                entered,
                lambda concrete: executor.call(name, [obj, *concrete]),
            )
            return leave(result) if arrays else result
        if not arrays and executor.wants_gradients([obj, *entered]):
            return executor.call(name, [obj, *entered])
        word = conditions.current()
        wraps = arrays and any(a is not b for a, b in zip(values, entered, strict=True))
        given = [obj, *values] if wraps else None
        compiled, entered = executor.prepare(name, [obj, *entered], given)
        arguments = self.function.schema.arguments[1:]
        self.link(executor, compiled, word, arguments, obj)
        if arrays:  # these have no gradients
            return leave(compiled.run_on_arrays(entered, given))
        return compiled.run(entered, given)

    def interpret(self, *args: Any, **kwargs: Any) -> Any:
        """The same call on the interpreter, whatever the compile mode."""
        values = bind_arguments(self.function.schema, args, kwargs, skip=1)
        owner = self._owner
        entered = [owner.__script_object__, *self._entered(values)]
        result = owner._executor.interpret(self.function.name, entered)
        return leave(result) if gives_arrays(values) else result

    def enter(self, *args: Any, **kwargs: Any) -> list[Any]:
        """The arguments that the compiled method gets, without `self`."""
        values = bind_arguments(self.function.schema, args, kwargs, skip=1)
        return self._entered(values)

    def _entered(self, values: list[Any]) -> list[Any]:
        arguments = self.function.schema.arguments[1:]
        return [enter(v, a.type) for v, a in zip(values, arguments, strict=True)]

    @property
    def graph(self) -> Graph:
        """The graph as captured, `self` first."""
        return self.function.graph

    @property
    def inlined_graph(self) -> Graph:
        """The graph with all calls replaced by what they do."""
        from jit.passes import inline

        graph = self.graph.copy()
        inline.run(graph)
        return graph

    @property
    def schema(self) -> FunctionSchema:
        """Names, types and defaults of the arguments, `self` first."""
        return dataclasses.replace(self.function.schema, kind=self.name)

    @property
    def code(self) -> str:
        """The method as Python-like source, which parses back."""
        from jit.python_text import code

        return code(self.function)

    @property
    def code_with_constants(self) -> tuple[str, Constants]:
        """The source, and the `CONSTANTS` that it names."""
        return code_with_constants(self.function)

    def graph_for(self, *args: Any, **kwargs: Any) -> Graph:
        """The optimised graph that runs for these arguments."""
        owner = self._owner
        executor: Executor = owner._executor
        return executor.graph_for(
            self.function.name, [owner.__script_object__, *self.enter(*args, **kwargs)]
        )

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """How a call with these arguments runs: as machine code, or why not."""
        owner = self._owner
        executor: Executor = owner._executor
        return executor.explain(
            self.function.name, [owner.__script_object__, *self.enter(*args, **kwargs)]
        )

    def __repr__(self) -> str:
        return f"<jit.ScriptMethod {self.function.name}>"


class _Slots(MutableMapping[str, Any]):
    """The slots of one role as the dict that `nn.Module` expects."""

    def __init__(self, owner: ScriptModule, role: str) -> None:
        self._owner = owner
        self._role = role

    def _names(self) -> list[str]:
        attributes = self._owner._definition.attributes.values()
        return [a.name for a in attributes if a.role == self._role]

    def __getitem__(self, name: str) -> Any:
        attribute = self._owner._definition.attributes.get(name)
        if attribute is None or attribute.role != self._role:
            raise KeyError(name)
        return self._owner._read(name)

    def __setitem__(self, name: str, content: Any) -> None:
        if name not in self._names():
            raise AttributeError(
                f"a compiled module gets no new {self._role}: `{name}` is not one of"
                f" {', '.join(self._names()) or 'none'}"
            )
        self._owner._write(name, content)

    def __delitem__(self, name: str) -> None:
        raise AttributeError(f"the {self._role} `{name}` of a compiled module stays")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())


class ScriptModule(DirectCallable, Module, metaclass=ScriptMeta):
    """A compiled module: made by `jit.script`, `jit.trace` and `jit.load`.

    Arrays in, arrays out; Tensors in, Tensors out. Calls of a module without hooks go
    straight to `forward`, and from there into machine code. A subclass is written as an
    `nn.Module` is, and compiled at the end of its `__init__`.
    """

    __slots__ = ("natives",)

    program: Program
    """Everything that was compiled for it."""
    __script_object__: Object

    def __init__(
        self,
        program: Program,
        obj: Object,
        executor: Executor | None = None,
        known: dict[int, ScriptModule] | None = None,
    ) -> None:
        state = self.__dict__
        self._unlink()
        state["program"] = program
        state["__script_object__"] = obj
        state["_executor"] = executor if executor is not None else Executor(program)
        state["_known"] = known if known is not None else {}
        state["_known"][id(obj)] = self
        state["_definition"] = program.class_of(obj.type)
        state["_methods"] = {}
        for name in _HOOKS:
            state[name] = OrderedDict()
        state["_non_persistent_buffers_set"] = set()

    @classmethod
    def compile(cls, module: Module) -> ScriptModule:
        """Compile `forward` of a module, what it calls, and what `jit.export` marks.

        Raises CompileError with the line at fault.
        """
        from jit.frontend import compile_module
        from jit.modules.instances import make_instance

        program = Program()
        try:
            type = compile_module(module, program)
        except Error as error:
            # frames of the compiler say nothing about the user's module
            raise error.with_traceback(None) from error.__cause__
        return cls(program, make_instance(module, type, program))

    # calling ----------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`forward` between the hooks."""
        if self._forward_hooks or self._forward_pre_hooks:
            return Module.__call__(self, *args, **kwargs)
        is_hooked = CALL in self._definition.methods
        forward = self._method(CALL) if is_hooked else self.forward
        word = conditions.current()
        result = forward(*args, **kwargs)
        is_new = self.__dict__["_linked_for"] != word
        if forward.natives and is_new and conditions.allow_links(word):
            from jit.runtime.codegen.calls.native_function import begin_calls

            self.__dict__["_linked_for"] = word
            object.__setattr__(self, "natives", (forward,))
            begin_calls(self, word)
        return result

    def _unlink(self) -> None:
        """Let all calls go to `__call__`."""
        self.__dict__["_linked_for"] = conditions.NEVER
        object.__setattr__(self, "natives", ())

    def register_forward_pre_hook(self, *args: Any, **kwargs: Any) -> Any:
        """Call `hook(module, args)` before `forward`; its result replaces the args."""
        self._begin_hooks()
        return super().register_forward_pre_hook(*args, **kwargs)

    def register_forward_hook(self, *args: Any, **kwargs: Any) -> Any:
        """Call `hook(module, args, output)` after `forward`; its result replaces it."""
        self._begin_hooks()
        return super().register_forward_hook(*args, **kwargs)

    def _begin_hooks(self) -> None:
        """Let calls go through hooks; those that were compiled get no company."""
        if CALL in self._definition.methods:
            raise RuntimeError(
                f"the hooks of `{self.original_name}` were compiled with it: register"
                " further ones on the module, and compile that again"
            )
        self._unlink()

    # state ------------------------------------------------------------------------------

    @property
    def _parameters(self) -> Any:  # type: ignore[override]
        return _Slots(self, PARAMETER)

    @property
    def _buffers(self) -> Any:  # type: ignore[override]
        return _Slots(self, BUFFER)

    @property
    def _modules(self) -> Any:  # type: ignore[override]
        return _Slots(self, SUBMODULE)

    def _read(self, name: str) -> Any:
        content = self.__script_object__.slots[name]
        if isinstance(content, Object) and isinstance(content.type, T.ModuleType):
            known = self._known.get(id(content))
            if known is None:
                known = ScriptModule(self.program, content, self._executor, self._known)
            return known
        return content

    def _write(self, name: str, content: Any) -> None:
        from jit.runtime.program_values import is_instance

        attribute = self._definition.attributes[name]
        if hasattr(content, "__script_object__"):
            if isinstance(attribute.type, T.InterfaceType):
                content = self._fitting(name, attribute.type, content)
            else:
                content = content.__script_object__
        content = enter(content, attribute.type)
        if attribute.type == T.FLOAT and type(content) is int:
            content = float(content)
        if not is_instance(content, attribute.type, self.program):
            raise TypeError(
                f"`{name}` is declared as `{attribute.type}` and cannot be a"
                f" `{type(content).__name__}`"
            )
        self.__script_object__.slots[name] = content

    def _fitting(
        self, name: str, interface: T.InterfaceType, other: ScriptModule
    ) -> Object:
        """The state of a module that implements an interface; the program then has its
        methods. TypeError for other modules."""
        from jit.frontend.interfaces import methods_of, misfit
        from jit.ir.linking import link_class

        obj = other.__script_object__
        known = class_named(interface.name)
        for method, promised in ({} if known is None else methods_of(known)).items():
            found = other.program.functions.get(f"{obj.type.name}.{method}")
            reason: str | None = f"it has no method `{method}`"
            if found is not None:
                schema = found.schema
                reason = misfit(method, schema, schema.returns[0].type, promised)
            if reason is not None:
                raise TypeError(
                    f"`{name}` is declared as the interface"
                    f" `{interface.name.rpartition('.')[2]}`, which"
                    f" `{other.original_name}` does not implement: {reason}"
                )
        linked = link_class(self.program, other.program, obj.type)
        assert isinstance(linked, T.ModuleType)
        return obj if linked == obj.type else Object(linked, obj.slots)

    def __getattr__(self, name: str) -> Any:
        state = self.__dict__
        if "__script_object__" not in state or name == "__script_object__":
            raise AttributeError(name)
        if name in self._definition.attributes:
            return self._read(name)
        if name in self._definition.methods:
            return self._method(name)
        if name == "forward":
            raise AttributeError(
                f"`{self.original_name}` has no compiled `forward`: it was traced as part"
                " of a larger module"
            )
        raise AttributeError(
            f"`{self.original_name}` has no attribute `{name}`: only what `forward` and"
            " exported methods use is compiled"
        )

    def __setattr__(self, name: str, content: Any) -> None:
        if name in self._definition.attributes:
            self._write(name, content)
        else:
            object.__setattr__(self, name, content)

    def __delattr__(self, name: str) -> None:
        if name in self._definition.attributes:
            raise AttributeError(f"`{name}` of a compiled module stays")
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        own = [*self._definition.attributes, *self._definition.methods]
        return sorted({*object.__dir__(self), *own})

    @property
    def training(self) -> bool:
        """Whether dropout and batch norm behave as in training."""
        return bool(self.__script_object__.slots.get("training", False))

    @training.setter
    def training(self, value: bool) -> None:
        if "training" in self._definition.attributes:
            self.__script_object__.slots["training"] = bool(value)

    # containers -------------------------------------------------------------------------

    def _items(self) -> list[Any]:
        """The submodules of a Sequential or ModuleList; TypeError for other modules."""
        names = list(self._modules)
        if names != [str(i) for i in range(len(names))] or (
            not names and self._definition.methods
        ):
            raise TypeError(f"`{self.original_name}` is no Sequential or ModuleList")
        return list(self._modules.values())

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._modules[key]
        return self._items()[key]

    def __len__(self) -> int:
        return len(self._items())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items())

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def __bool__(self) -> bool:
        return True  # also where there is nothing to count

    # methods ----------------------------------------------------------------------------

    def _method(self, name: str) -> ScriptMethod:
        found: ScriptMethod | None = self._methods.get(name)
        if found is None:
            function = self.program.functions[f"{self._definition.name}.{name}"]
            found = self._methods[name] = ScriptMethod(self, function)
        return found

    @property
    def forward(self) -> ScriptMethod:
        """The compiled `forward`."""
        if "forward" not in self._definition.methods:
            raise AttributeError("forward")  # __getattr__ tells why
        return self._method("forward")

    @property
    def graph(self) -> Graph:
        """The graph of `forward`, `self` first."""
        return self.forward.graph

    @property
    def inlined_graph(self) -> Graph:
        """The graph of `forward` with all calls replaced by what they do."""
        return self.forward.inlined_graph

    @property
    def code(self) -> str:
        """`forward` as Python-like source, which parses back."""
        return self.forward.code

    @property
    def code_with_constants(self) -> tuple[str, Constants]:
        """The source of `forward`, and the `CONSTANTS` that it names."""
        return self.forward.code_with_constants

    @property
    def schema(self) -> FunctionSchema:
        """Names, types and defaults of the arguments of `forward`."""
        return self.forward.schema

    def graph_for(self, *args: Any, **kwargs: Any) -> Graph:
        """The optimised graph of `forward` for these arguments."""
        return self.forward.graph_for(*args, **kwargs)

    def interpret(self, *args: Any, **kwargs: Any) -> Any:
        """The same call of `forward` on the interpreter, whatever the compile mode."""
        return self.forward.interpret(*args, **kwargs)

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """How `forward` runs with these arguments: as machine code, or why not."""
        return self.forward.explain(*args, **kwargs)

    def cache_info(self) -> CacheInfo:
        """How often its methods were compiled, and found compiled."""
        executor: Executor = self._executor
        return executor.cache_info()

    def define(self, src: str) -> None:
        """Compile methods given as text; they see the module as `self`.

        Raises CompileError, and the module is then as before.
        """
        from jit.frontend import add_methods
        from jit.modules.texts import functions_in, words

        add_methods(self, functions_in(src, words()))

    # names ------------------------------------------------------------------------------

    @property
    def original_name(self) -> str:
        """The name of the class it was compiled from."""
        return str(self._definition.name.rpartition(".")[2])

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        return f"original_name={self.original_name}"

    # copies -----------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict[int, Any]) -> ScriptModule:
        return ScriptModule(self.program, copy_object(self.__script_object__, memo))

    def __reduce__(self) -> Any:
        """Pickled as an archive."""
        from jit.serialization import load

        return load, (self.save_to_buffer(),)

    def copy(self) -> ScriptModule:
        """A copy with its own state."""
        return self.__deepcopy__({})

    def save(self, f: Any, _extra_files: Mapping[str, Any] | None = None) -> None:
        """Write a `.trs` archive to a path or file object."""
        from jit.serialization import save

        save(self, f, _extra_files)

    def save_to_buffer(self, _extra_files: Mapping[str, Any] | None = None) -> bytes:
        """The bytes that `save` would write."""
        buffer = io.BytesIO()
        self.save(buffer, _extra_files)
        return buffer.getvalue()


_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
"""The dicts of hooks that an `nn.Module` has."""


def copy_object(obj: Object, memo: dict[int, Any]) -> Object:
    """A copy of an instance, its tensors and the instances in it."""
    found = memo.get(id(obj))
    if found is None:
        found = memo[id(obj)] = Object(obj.type)
        for name, content in obj.slots.items():
            if isinstance(content, Object):
                found.slots[name] = copy_object(content, memo)
            else:
                found.slots[name] = copy.deepcopy(content, memo)
    assert isinstance(found, Object)
    return found
