"""The contracts: every operation of the platform, its models and its error codes."""

from .codes import ADVICE, HTTP_STATUS, ErrorCode
from .operation import Body, Operation, RateClass, Scope, Service, operation_errors
from .registry import OPERATIONS, ContractError, check_handlers, on_bus, owned_by

__all__ = [
    "ADVICE",
    "HTTP_STATUS",
    "OPERATIONS",
    "Body",
    "ContractError",
    "ErrorCode",
    "Operation",
    "RateClass",
    "Scope",
    "Service",
    "check_handlers",
    "on_bus",
    "operation_errors",
    "owned_by",
]
