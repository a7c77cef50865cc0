package libmo_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sources reads the face's files.
func sources(t *testing.T) (map[string]*ast.File, *token.FileSet) {
	set := token.NewFileSet()
	packages, err := parser.ParseDir(set, ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, parser.ParseComments)
	must(t, err)
	return packages["libmo"].Files, set
}

func TestEverythingExportedIsDocumented(t *testing.T) {
	files, set := sources(t)
	p, err := doc.NewFromFiles(set, slices.Collect(maps.Values(files)), "libmo.ai/libmo")
	must(t, err)
	wants := func(name, text string) {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s has no documentation", name)
		}
	}
	functions := func(of string, list []*doc.Func) {
		for _, f := range list {
			wants(of+f.Name, f.Doc)
		}
	}
	wants("the package", p.Doc)
	functions("", p.Funcs)
	for _, v := range slices.Concat(p.Consts, p.Vars) {
		wants(strings.Join(v.Names, ", "), v.Doc)
	}
	for _, kind := range p.Types {
		wants(kind.Name, kind.Doc)
		functions("", kind.Funcs)
		functions(kind.Name+".", kind.Methods)
		for _, v := range slices.Concat(kind.Consts, kind.Vars) {
			wants(strings.Join(v.Names, ", "), v.Doc)
		}
	}
}

// notWrapped would keep memory of Go's heap.
var notWrapped = []string{"Mo_tensor_view"}

func TestFaceHasEveryFunctionOfTheHeader(t *testing.T) {
	wrapped, err := os.ReadFile("internal/native/native.go")
	must(t, err)
	paths, err := filepath.Glob("*.go")
	must(t, err)
	var face strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		must(t, err)
		if !strings.HasSuffix(path, "_test.go") {
			face.Write(text)
		}
	}
	for _, f := range regexp.MustCompile(`(?m)^func (Mo_\w+)`).FindAllStringSubmatch(string(wrapped), -1) {
		used := regexp.MustCompile(`native\.` + f[1] + `\b`).MatchString(face.String())
		if used == slices.Contains(notWrapped, f[1]) {
			t.Errorf("%s: used by the face: %v", f[1], used)
		}
	}
}
