package starlark

import (
	"fmt"
	"maps"
	"slices"

	star "go.starlark.net/starlark"
)

// maxDepth is how deep plain values may nest. A list that holds itself is deeper.
const maxDepth = 100

// toPlain turns a value of the script into one that another generation of it,
// or another language, can take: see plugins.Call.State.
func toPlain(v star.Value, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the value nests deeper than %d levels, or holds itself", maxDepth)
	}
	switch v := v.(type) {
	case star.NoneType:
		return nil, nil
	case star.Bool:
		return bool(v), nil
	case star.Int:
		return int64Of(v)
	case star.Float:
		return float64(v), nil
	case star.String:
		return string(v), nil
	case star.Bytes:
		return []byte(v), nil
	case *star.Dict:
		out := make(map[string]any, v.Len())
		for key, value := range v.Entries() {
			name, ok := star.AsString(key)
			if !ok {
				return nil, fmt.Errorf("a key of the dict is a %s: want a string", key.Type())
			}
			plain, err := toPlain(value, depth+1)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out[name] = plain
		}
		return out, nil
	case star.Sequence:
		out := make([]any, 0, v.Len())
		for e := range star.Elements(v) {
			plain, err := toPlain(e, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, plain)
		}
		return out, nil
	}
	return nil, mismatch("a plain value (None, bool, int, float, string, bytes, list, dict)", v)
}

// fromPlain turns what toPlain returned, here or in another language, into a
// value of the script. Keys come in order.
func fromPlain(plain any) (star.Value, error) {
	switch plain := plain.(type) {
	case nil:
		return star.None, nil
	case bool:
		return star.Bool(plain), nil
	case int64:
		return star.MakeInt64(plain), nil
	case float64:
		return star.Float(plain), nil
	case string:
		return star.String(plain), nil
	case []byte:
		return star.Bytes(plain), nil
	case []any:
		elems := make([]star.Value, len(plain))
		for i, e := range plain {
			v, err := fromPlain(e)
			if err != nil {
				return nil, err
			}
			elems[i] = v
		}
		return star.NewList(elems), nil
	case map[string]any:
		dict := star.NewDict(len(plain))
		for _, name := range slices.Sorted(maps.Keys(plain)) {
			v, err := fromPlain(plain[name])
			if err != nil {
				return nil, err
			}
			if err := dict.SetKey(star.String(name), v); err != nil {
				return nil, err
			}
		}
		return dict, nil
	}
	return nil, fmt.Errorf("a %T is no plain value", plain)
}
