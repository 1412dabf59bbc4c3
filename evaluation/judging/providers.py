"""Which provider answers for a model, where, and with whose key.

A key goes only to where it belongs: to its provider's own address, to the address that
the same environment names for that provider, or to the address it was granted for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from evaluation.judging.model import FailureKind, Target
from evaluation.values import Value

DEFAULT_MODEL = "gemini-2.5-flash"
MODEL_VARIABLE = "AGENTEVALS_JUDGE_MODEL"
BASE_URL_VARIABLE = "AGENTEVALS_JUDGE_BASE_URL"
KEY_VARIABLE = "AGENTEVALS_JUDGE_API_KEY"


class Provider(Value, frozen=True, kw_only=True):
    """A service that speaks OpenAI's protocol.

    ``models`` matches bare model names; others are named ``prefix/model``. Variables
    are tried in order. A provider without ``keys`` needs none.
    """

    name: str
    base_url: str
    prefixes: tuple[str, ...]
    models: str = r"(?!)"
    keys: tuple[str, ...] = ()
    base_url_variables: tuple[str, ...] = ()


PROVIDERS = (
    Provider(
        name="OpenAI",
        base_url="https://api.openai.com/v1",
        prefixes=("openai",),
        models=r"(gpt-|chatgpt-|o\d)",
        keys=("OPENAI_API_KEY",),
        base_url_variables=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    ),
    Provider(
        name="Google Gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        prefixes=("gemini", "google"),
        models=r"(gemini-|gemma-)",
        keys=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    ),
    Provider(
        name="Anthropic",
        base_url="https://api.anthropic.com/v1",
        prefixes=("anthropic",),
        models=r"claude-",
        keys=("ANTHROPIC_API_KEY",),
    ),
    Provider(
        name="Groq",
        base_url="https://api.groq.com/openai/v1",
        prefixes=("groq",),
        keys=("GROQ_API_KEY",),
    ),
    Provider(
        name="Mistral",
        base_url="https://api.mistral.ai/v1",
        prefixes=("mistral",),
        keys=("MISTRAL_API_KEY",),
    ),
    Provider(
        name="DeepSeek",
        base_url="https://api.deepseek.com/v1",
        prefixes=("deepseek",),
        keys=("DEEPSEEK_API_KEY",),
    ),
    Provider(
        name="Together",
        base_url="https://api.together.xyz/v1",
        prefixes=("together_ai", "together"),
        keys=("TOGETHER_API_KEY", "TOGETHERAI_API_KEY"),
    ),
    Provider(
        name="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        prefixes=("openrouter",),
        keys=("OPENROUTER_API_KEY",),
    ),
    Provider(
        name="Ollama",
        base_url="http://localhost:11434/v1",
        prefixes=("ollama", "ollama_chat"),
        base_url_variables=("OLLAMA_BASE_URL",),
    ),
    Provider(
        name="vLLM",
        base_url="http://localhost:8000/v1",
        prefixes=("vllm", "hosted_vllm"),
        base_url_variables=("VLLM_BASE_URL",),
    ),
)
PROVIDER_VARIABLES = (
    *(name for provider in PROVIDERS for name in provider.keys),
    *(name for provider in PROVIDERS for name in provider.base_url_variables),
)


class ProviderError(Exception):
    """The judge cannot be asked; ``kind`` says why for programs."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        """Keep the kind beside the text."""
        super().__init__(message)
        self.kind: FailureKind = kind


class Endpoint(Value, frozen=True, kw_only=True):
    """Where a question goes.

    ``is_foreign`` when the address comes from an evaluator's entry, or is that of a local
    server that nobody has mentioned: whoever asks for others has to guard it.
    """

    base_url: str
    model: str
    key: str | None = None
    is_foreign: bool = False


class Directory(Value, frozen=True, kw_only=True):
    """Finds endpoints in what the environment says.

    ``grants`` maps names of keys to the one base URL that they may be sent to; None
    lets an entry name any variable, which is for people who ask for themselves.
    """

    environment: Mapping[str, str] = {}
    grants: Mapping[str, str] | None = {}

    def endpoint(self, target: Target) -> Endpoint:
        """Return where the target's model answers.

        Raises:
            ProviderError: the model is unknown, or the key is missing or off limits.
        """
        name = target.model or self._said(MODEL_VARIABLE) or DEFAULT_MODEL
        provider, model = provider_of(name)
        if not model:
            raise ProviderError(
                "unknown_model", f"{name!r} names a provider and no model of it."
            )
        if target.base_url:
            return self._foreign(target, target.base_url, model)
        if target.credential:
            return self._granted(target.credential, model, provider)
        own = self._said(BASE_URL_VARIABLE)
        if own:
            return Endpoint(base_url=own, model=model, key=self._said(KEY_VARIABLE))
        if provider is None:
            raise ProviderError("unknown_model", _unknown(name))
        return self._provided(provider, model)

    def _provided(self, provider: Provider, model: str) -> Endpoint:
        elsewhere = self._first(provider.base_url_variables)
        key = self._first(provider.keys)
        if provider.keys and not key and not elsewhere:
            raise ProviderError(
                "no_key",
                f"Model {model!r} of {provider.name} needs a key: "
                f"set {' or '.join(provider.keys)}.",
            )
        return Endpoint(
            base_url=elsewhere or provider.base_url,
            model=model,
            key=key,
            # What listens there on a server is not the server's to call for anybody.
            is_foreign=not elsewhere and not provider.keys,
        )

    def _foreign(self, target: Target, base_url: str, model: str) -> Endpoint:
        """Find the key for an address of an entry: only one that was granted for it."""
        key = None
        if same_place(base_url, self._said(BASE_URL_VARIABLE)):
            return Endpoint(
                base_url=base_url, model=model, key=self._said(KEY_VARIABLE)
            )
        if target.credential:
            granted = self._grant(target.credential)
            if granted is not None and not same_place(base_url, granted):
                raise ProviderError(
                    "refused",
                    f"The key {target.credential!r} may only be sent to {granted}, "
                    f"not to {base_url}.",
                )
            key = self._key(target.credential)
        return Endpoint(base_url=base_url, model=model, key=key, is_foreign=True)

    def _granted(
        self, credential: str, model: str, provider: Provider | None
    ) -> Endpoint:
        base_url = self._grant(credential)
        if base_url is None:
            if provider is None:
                raise ProviderError("unknown_model", _unknown(model))
            base_url = self._first(provider.base_url_variables) or provider.base_url
        return Endpoint(base_url=base_url, model=model, key=self._key(credential))

    def _grant(self, credential: str) -> str | None:
        """Return where a key may go; None when it may go anywhere."""
        if self.grants is None:
            return None
        if credential not in self.grants:
            known = ", ".join(sorted(self.grants)) or "none"
            raise ProviderError(
                "refused",
                f"{credential!r} is no key that may be used here; allowed: {known}.",
            )
        return self.grants[credential]

    def _key(self, credential: str) -> str:
        key = self._said(credential)
        if not key:
            raise ProviderError("no_key", f"The key {credential!r} is not set.")
        return key

    def _first(self, names: tuple[str, ...]) -> str | None:
        return next((value for name in names if (value := self._said(name))), None)

    def _said(self, name: str) -> str | None:
        return (self.environment.get(name) or "").strip() or None


def provider_of(name: str) -> tuple[Provider | None, str]:
    """Split a model's name into its provider, None if unknown, and its name there."""
    prefix, slash, rest = name.partition("/")
    for provider in PROVIDERS:
        if slash and prefix in provider.prefixes:
            return provider, rest
        if re.match(provider.models, name):
            return provider, name
    return None, name


def same_place(base_url: str, other: str | None) -> bool:
    """Whether ``base_url`` is ``other`` or below it, on the same server."""
    if other is None:
        return False
    try:
        one, two = urlsplit(base_url), urlsplit(other)
        servers = [(u.scheme, u.hostname, u.port, u.username) for u in (one, two)]
    except ValueError:
        return False
    path, root = one.path.rstrip("/") + "/", two.path.rstrip("/") + "/"
    is_plain = ".." not in path and "%" not in path and "\\" not in base_url
    return servers[0] == servers[1] and is_plain and path.startswith(root)


def _unknown(name: str) -> str:
    prefixes = ", ".join(f"{provider.prefixes[0]}/" for provider in PROVIDERS)
    return (
        f"Nobody here knows where model {name!r} answers. Name its provider "
        f"({prefixes}), or give 'judge_base_url'."
    )
