package nbd

// A fieldTerm says what a field of the messages is for, and how its value is put
// in words.
type fieldTerm struct {
	meaning string
	words   wording // nil = the field is text or raw bytes
}

// fieldTerms has every field that a fields method names, by that name. Where one
// means more in a certain message, the message and a slash come before the name.
var fieldTerms = map[string]fieldTerm{
	"magic": {"", magicWording},

	// Handshake.
	"handshake flags":                {"what the server offers", flagSet(handshakeFlagMeanings)},
	"client flags":                   {"what the client uses of what was offered", flagSet(handshakeFlagMeanings)},
	"option":                         {"", symbol(optionMeanings)},
	"option reply/option":            {"the option that is answered", symbol(optionMeanings)},
	"option/length":                  {"what follows with the option", sizeWording},
	"option reply/length":            {"what follows with the answer", sizeWording},
	"reply":                          {"", symbol(replyMeanings)},
	"export size":                    {"size of the disk", sizeWording},
	"transmission flags":             {"what the export can do", flagSet(transmissionFlagMeanings)},
	"text":                           {"reason in words", nil},
	"option/text":                    {"which export; \"\" is the default one", nil},
	"information/text":               {"the fact, in words", nil},
	"export name":                    {"which export; \"\" is the default one", nil},
	"export name length":             {"", sizeWording},
	"description":                    {"what the export is, for people", nil},
	"number of information requests": {"facts that the client would like to know", countWording},
	"information type":               {"", symbol(infoMeanings)},
	"number of queries":              {"LIST_META_CONTEXT with none asks for all", countWording},
	"query":                          {"context that the client wants: namespace, colon, leaf", nil},
	"query length":                   {"", sizeWording},
	"minimum block size":             {"offsets and lengths must be multiples of it", sizeWording},
	"preferred block size":           {"best for speed", sizeWording},
	"maximum payload size":           {"the most that a request may carry", maximumWording},
	"context id":                     {"number of the metadata context", countWording},
	"context name":                   {"the metadata context that has this number", nil},
	"padding":                        {"left away if both sides chose NO_ZEROES", nil},
	"data":                           {"", nil},
	"encrypted data":                 {"TLS: only the two ends can read it", nil},

	// Transmission.
	"command flags":  {"", flagSet(commandFlagMeanings)},
	"command":        {"", symbol(commandMeanings)},
	"cookie":         {"chosen by the client; the reply repeats it", hexWording},
	"offset":         {"where on the disk", offsetWording},
	"length":         {"how much of the disk", sizeWording},
	"payload/length": {"what follows with the request", sizeWording},
	"chunk/length":   {"what follows with the chunk", sizeWording},
	"effect length":  {"how much of the disk", sizeWording},
	"error":          {"", symbol(errorMeanings)},
	"chunk flags":    {"", flagSet(chunkFlagMeanings)},
	"chunk type":     {"", symbol(chunkMeanings)},
	"chunk/offset":   {"where on the disk", offsetWording},
	"hole size":      {"so many zeroes", sizeWording},
	"message length": {"of the reason in words", sizeWording},
	"message":        {"reason in words", nil},

	"extent length":    {"", sizeWording},
	"descriptor count": {"", countWording},
	"status flags":     {"what they mean depends on the context", hexWording},

	// base:allocation is the only context whose status the specification defines.
	"base:allocation/status flags": {"", allocationWording},
}

// termOf returns the term of a field of a message.
func termOf(message, field string) fieldTerm {
	if t, ok := fieldTerms[message+"/"+field]; ok {
		return t
	}
	return fieldTerms[field]
}
