#!/usr/bin/env python3
"""Writes Libmo.VERSION.nupkg. usage: nuget.py BUILD FOLDER"""
import pathlib
import re
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
VERSION = re.search(r"^project\(.*VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.M)[1]

NUSPEC = f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>Libmo</id>
    <version>{VERSION}</version>
    <authors>libmo</authors>
    <license type="expression">Apache-2.0</license>
    <readme>README.md</readme>
    <description>Makes ONNX models smaller and faster, and measures what that cost. Native library for Linux x86-64.</description>
    <tags>onnx quantization inference int8</tags>
    <dependencies>
      <group targetFramework=".NETStandard2.0" />
      <group targetFramework=".NETCoreApp3.1" />
    </dependencies>
  </metadata>
</package>
"""
TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
  <Default Extension="nuspec" ContentType="application/octet" />
  <Default Extension="dll" ContentType="application/octet" />
  <Default Extension="xml" ContentType="application/octet" />
  <Default Extension="cs" ContentType="application/octet" />
  <Default Extension="csproj" ContentType="application/octet" />
  <Default Extension="targets" ContentType="application/octet" />
  <Default Extension="md" ContentType="application/octet" />
  <Default Extension="so" ContentType="application/octet" />
  <Default Extension="1" ContentType="application/octet" />
  <Default Extension="3" ContentType="application/octet" />
  <Override PartName="/LICENSE" ContentType="application/octet" />
</Types>
"""
RELS = """<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/Libmo.nuspec" Id="R1" />
</Relationships>
"""
# .NET Framework and Mono projects have no notion of runtimes/: copy the folder beside the program, where the loader looks
TARGETS = """<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <ItemGroup Condition="'$(TargetFrameworkIdentifier)' == '.NETFramework'">
    <None Include="$(MSBuildThisFileDirectory)../../runtimes/linux-x64/native/*">
      <Link>runtimes/linux-x64/native/%(Filename)%(Extension)</Link>
      <CopyToOutputDirectory>PreserveNewest</CopyToOutputDirectory>
      <Visible>false</Visible>
    </None>
  </ItemGroup>
</Project>
"""


def parts(build):
    made = build / "csharp"
    yield "[Content_Types].xml", TYPES
    yield "_rels/.rels", RELS
    yield "Libmo.nuspec", NUSPEC
    yield "build/netstandard2.0/Libmo.targets", TARGETS
    yield "README.md", (ROOT / "docs/csharp.md").read_bytes()
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()
    for framework in ("netstandard2.0", "netcoreapp3.1"):
        for kind in ("dll", "xml"):
            yield f"lib/{framework}/Libmo.{kind}", (made / f"lib/{framework}/Libmo.{kind}").read_bytes()
    for native in sorted((made / "native").iterdir()):
        yield f"runtimes/linux-x64/native/{native.name}", native.read_bytes()
    yield "src/Libmo.csproj", (ROOT / "bindings/csharp/Libmo.csproj").read_bytes()
    for source in sorted((ROOT / "bindings/csharp/src").glob("*.cs")) + sorted((made / "generated").glob("*.cs")):
        yield f"src/{source.name}", source.read_bytes()


def main():
    target = pathlib.Path(sys.argv[2]) / f"Libmo.{VERSION}.nupkg"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, content in parts(pathlib.Path(sys.argv[1])):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            package.writestr(entry, content)
    print(target.name)


if __name__ == "__main__":
    main()
