package nbd

// Explain's handshake: greeting, options, and the answers to them.

func (e *explainer) greeting() {
	e.m.Name, e.began = "greeting", true
	if b := e.data[e.pos:]; len(b) >= 16 && string(b[8:16]) == be64(oldstyleMagic) {
		e.m.Name, e.opened = "oldstyle greeting", true
		if e.header("greeting", &oldstyleGreeting{}) {
			e.body("the padding", exportNamePadding, e.padding)
		}
		return
	}
	e.header("greeting", &greeting{})
}

func (e *explainer) clientFlags() {
	e.m.Name, e.began, e.flagged = "client flags", true, true
	var m clientFlags
	if e.header("client flags", &m) && m.flags&flagNoZeroes != 0 {
		e.noZeroes = true
	}
}

func (e *explainer) option() {
	e.m.Name, e.began, e.flagged = "option", true, true
	var m optionHeader
	if !e.header("option", &m) {
		return
	}
	if e.m.Name = m.option.String(); int(m.option) < len(optionNames) {
		e.m.Name = "option " + e.m.Name
	}
	e.named = e.named || m.option == optExportName
	e.tls = e.tls || m.option == optStartTLS
	e.body("the data of "+m.option.String(), uint64(m.length), func(end int) {
		switch m.option {
		case optExportName:
			e.walk("option", end, &textMessage{})
		case optInfo, optGo:
			e.walk("option", end, &infoRequest{})
		case optListMeta, optSetMeta:
			e.walk("option", end, &metaRequest{})
		case optAbort:
			e.raw("data", end, "to be ignored")
		case optList, optStartTLS, optStructuredReply, optExtendedHeaders:
			if e.pos < end {
				e.problem(e.pos, "%s takes no data: expected a length of 0", m.option)
			}
		default:
			e.raw("data", end, "of an option that is not in the specification")
		}
	})
}

func (e *explainer) optionReply() {
	e.m.Name, e.began = "option reply", true
	var m optionReplyHeader
	if !e.header("option reply", &m) {
		return
	}
	e.m.Name = m.reply.String() + " reply to " + m.option.String()
	if m.reply == repAck {
		e.agree(m.option)
	}
	e.body("the data of this reply", uint64(m.length), func(end int) {
		switch {
		case m.reply == repAck:
			if e.pos < end {
				e.problem(e.pos, "an ACK has no data: expected a length of 0")
			}
		case m.reply == repServer:
			e.walk("option reply", end, &exportEntry{})
		case m.reply == repInfo:
			e.info(end)
		case m.reply == repMetaContext:
			var c metaContext
			if e.walk("option reply", end, &c) == nil && m.option == optSetMeta {
				e.learn(c)
			}
		case m.reply&repError != 0:
			e.walk("option reply", end, &textMessage{})
		default:
			e.raw("data", end, "of a reply that is not in the specification")
		}
	})
}

// agree notes what an option changes once it is granted.
func (e *explainer) agree(opt option) {
	switch opt {
	case optStructuredReply:
		e.structured = true
	case optExtendedHeaders:
		e.structured, e.extended = true, true
	case optStartTLS: // wipes what was agreed on
		e.tls, e.structured, e.extended, e.contexts = true, false, false, nil
	case optGo:
		e.opened = true
	}
}

// learn notes the number of a metadata context.
func (e *explainer) learn(c metaContext) {
	if e.contexts == nil {
		e.contexts = map[uint32]string{}
	}
	e.contexts[c.id] = c.name
}

// info explains a fact about an export.
func (e *explainer) info(end int) {
	var head infoHeader
	if parsePart(e.data[e.pos:end], &head) != nil {
		e.problem(e.pos, "an INFO reply begins with its information type: expected 2 bytes at least")
		return
	}
	e.m.Name = "INFO " + head.info.String() + e.m.Name[len("INFO"):]
	switch head.info {
	case infoExport:
		e.walk("information", end, &exportInfo{})
	case infoName, infoDescription:
		e.walk("information", end, &textInfo{})
	case infoBlockSize:
		e.walk("information", end, &blockSizeInfo{})
	default:
		e.walk("information", end, &head)
		e.raw("data", end, "of an information type that is not in the specification")
	}
}

func (e *explainer) exportName() {
	e.m.Name, e.began, e.opened = "reply to EXPORT_NAME", true, true
	if !e.header("export name", &exportNameReply{}) || e.noZeroes {
		return
	}
	rest := e.data[e.pos:]
	if len(rest) == 0 || !padded(rest) && byMagic(rest) != 0 {
		e.note("no zeroes follow: it is assumed that both sides chose NO_ZEROES")
		return
	}
	e.body("the padding", exportNamePadding, e.padding)
}

// padding explains the zeroes before end.
func (e *explainer) padding(end int) {
	if at := e.pos; !padded(e.data[at:end]) {
		defer e.problem(at, "the padding must be zeroes")
	}
	e.raw("padding", end, termOf("", "padding").meaning)
}
