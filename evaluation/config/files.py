"""Reading a configuration file in YAML."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from evaluation.config.model import EvaluationConfig, EvaluatorSpec
from evaluation.config.parsing import parse_config
from evaluation.errors import ConfigError
from evaluation.values import JSON, JSONObject, Value

# Keys of a file that say where things are and how to print, not what to evaluate.
_FILE_KEYS = {
    "eval_set": "eval_set",
    "evalSet": "eval_set",
    "output": "output",
    "output_format": "output",
    "outputFormat": "output",
}


_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"
# What these make is none of JSON's values, which evaluators are given.
_FOREIGN = {
    f"tag:yaml.org,2002:{kind}"
    for kind in ("binary", "omap", "pairs", "set", "timestamp")
}


class ConfigFile(Value, frozen=True, kw_only=True):
    """What a file asks for; ``eval_set`` is already relative to the file's folder."""

    config: EvaluationConfig
    eval_set: Path | None = None
    output: str | None = None


def load_config_file(
    text: str, *, folder: Path, allow_unknown_metrics: bool = False
) -> ConfigFile:
    """Read a YAML configuration file.

    Args:
        text: the text of the file.
        folder: the folder of the file, which relative paths start from.
        allow_unknown_metrics: as for ``parse_config``.

    Raises:
        ConfigError: the text is no YAML mapping, or its content is wrong.
    """
    document = _yaml(text)
    if not isinstance(document, dict):
        found = "nothing" if document is None else f"a {type(document).__name__}"
        raise ConfigError(f"The eval config must be a YAML mapping, got {found}.")
    own: JSONObject = {}
    rest: JSONObject = {}
    for key, value in document.items():
        place = _FILE_KEYS.get(key) if isinstance(key, str) else None
        if place:
            own[place] = _text(value, key)
        else:
            rest[key] = value
    config = parse_config(
        rest, allow_unknown_metrics=allow_unknown_metrics, any_threshold=True
    )
    eval_set = own.get("eval_set")
    return ConfigFile(
        config=msgspec.structs.replace(
            config,
            evaluators=tuple(_located(spec, folder) for spec in config.evaluators),
        ),
        eval_set=folder / eval_set if eval_set else None,
        output=own.get("output"),
    )


def _located(spec: EvaluatorSpec, folder: Path) -> EvaluatorSpec:
    if spec.type != "code":
        return spec
    path = str(folder / spec.options["path"])
    return msgspec.structs.replace(spec, options={**spec.options, "path": path})


def _text(value: JSON, key: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{key}: must be a text, got {value!r}.", path=key)
    return value


def _yaml(text: str) -> Any:
    import yaml  # late: most runs read no YAML

    class Loader(yaml.SafeLoader):
        """YAML as JSON's values: dates stay texts, and no key stands twice."""

        yaml_implicit_resolvers = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }
        yaml_constructors = {
            tag: make
            for tag, make in yaml.SafeLoader.yaml_constructors.items()
            if tag not in _FOREIGN
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            counts = Counter(
                key.value
                for key, _ in node.value
                if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE
            )
            repeated = next((key for key, count in counts.items() if count > 1), None)
            if repeated is not None:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {repeated!r} is given twice", node.start_mark
                )
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)  # noqa: S506 -- a SafeLoader
    except yaml.YAMLError as error:
        raise ConfigError(f"The eval config is not YAML: {error}") from error
    except RecursionError as error:
        raise ConfigError("The eval config is nested too deeply.") from error
