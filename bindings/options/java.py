#!/usr/bin/env python3
"""Writes a Java class with a typed builder for the options of every operation. usage: java.py MO FOLDER"""
import pathlib
import sys

from schema import camel, constant, facts, operations, pascal, sentence

TYPES = {"string": "String", "int": "long", "double": "double", "bool": "boolean"}
RESERVED = {"default", "final", "new", "class", "package", "import", "static", "switch", "set", "parse", "build"}


def html(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;").replace("*/", "*&#47;")


def choice_enum(option):
    name = pascal(option["key"])
    rows = []
    for choice in option["choices"]:
        help_text = sentence(html(choice.get("help", ""))) or f"The value \"{html(choice['value'])}\"."
        rows.append(f"    /** {help_text} */\n    {constant(choice['value'])}(\"{choice['value']}\")")
    return f'''
  /** {sentence(html(option["help"]))} Values of a later library that are missing here can be given as text. */
  public enum {name} {{
{(","+chr(10)).join(rows)};

    private final String value;

    {name}(String value) {{
      this.value = value;
    }}

    /** The value as the library spells it. */
    @Override
    public String toString() {{
      return value;
    }}
  }}
'''


def setter(option, method, kind, argument, value, more=""):
    return f'''
    /**
     * {sentence(html(option["help"]))} {facts(option)}{more}
     *
     * @param value the key {{@code {option["key"]}}}
     * @return this builder
     */
    public Builder {method}({kind} {argument}) {{
      return set("{option["key"]}", {value});
    }}
'''


def setters(option):
    method = camel(option["key"])
    method = method + "_" if method in RESERVED else method
    if option["type"] == "strings":
        return (setter(option, method, "List<String>", "value", "new ArrayList<>(value)")
                + setter(option, method, "String...", "value", "new ArrayList<>(Arrays.asList(value))"))
    text = ""
    if option.get("choices") and option["type"] == "string":
        text += setter(option, method, pascal(option["key"]), "value", "value.toString()")
    return text + setter(option, method, TYPES[option["type"]], "value", "value")


def java_class(schema):
    name = pascal(schema["operation"]) + "Options"
    options = schema["options"]
    enums = "".join(choice_enum(o) for o in options if o.get("choices") and o["type"] == "string")
    lists = any(o["type"] == "strings" for o in options)
    imports = "import java.util.ArrayList;\nimport java.util.Arrays;\nimport java.util.List;\n\n" if lists else ""
    return name, f'''// Generated from the library's option schema by bindings/options/java.py; not edited by hand.
package ai.libmo;

{imports}/** Options of "{schema["operation"]}": {sentence(html(schema["help"]))} */
public final class {name} extends Options {{
  private static final long serialVersionUID = 1;

  private {name}(Builder builder) {{
    super("{schema["operation"]}", builder);
  }}

  /**
   * Collects settings.
   *
   * @return a builder with all defaults
   */
  public static Builder builder() {{
    return new Builder();
  }}

  /**
   * Reads settings from text.
   *
   * @param jsonOrYaml a JSON object or a YAML mapping
   * @return the options
   */
  public static {name} parse(String jsonOrYaml) {{
    return builder().parse(jsonOrYaml).build();
  }}
{enums}
  /** Collects settings of "{schema["operation"]}". */
  public static final class Builder extends Options.Builder<{name}, Builder> {{
    private Builder() {{}}
{"".join(setters(o) for o in options)}
    @Override
    public {name} build() {{
      return new {name}(this);
    }}
  }}
}}
'''


def main():
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for schema in operations(sys.argv[1]):
        name, text = java_class(schema)
        (folder / f"{name}.java").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
