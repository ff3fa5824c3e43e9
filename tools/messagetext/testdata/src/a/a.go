package a

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

type diagnostic struct {
	Code, Message string
}

var pattern = regexp.MustCompile("x")

func decisions(err error, d diagnostic) bool {
	if strings.Contains(err.Error(), "refused") { // want `decides by the text of a message`
		return true
	}
	text := strings.ToLower(err.Error())
	if strings.HasPrefix(text, "refused") { // want `decides by the text of a message`
		return true
	}
	if _, after, found := strings.Cut(fmt.Sprint(err), ": "); found { // want `decides by the text of a message`
		return after == "refused" // want `decides by the text of a message`
	}
	if err.Error() == "EOF" || "EOF" != text[:3] { // want `decides by the text of a message` `decides by the text of a message`
		return true
	}
	if pattern.MatchString(d.Message) || slices.Contains([]string{"a"}, d.Message) { // want `decides by the text of a message` `decides by the text of a message`
		return true
	}
	switch err.Error() { // want `decides by the text of a message`
	case "EOF":
		return true
	}
	return map[string]bool{"EOF": true}[text] || helper(d.Message) // want `decides by the text of a message`
}

type wrapped struct{ message string }

func (w wrapped) says(part string) bool {
	return strings.Contains(w.message, part) // want `decides by the text of a message`
}

func helper(sentence string) bool {
	return strings.EqualFold(sentence, "refused") // want `decides by the text of a message`
}

func fine(err error, d diagnostic) bool {
	if errors.Is(err, io.EOF) || d.Code == "refused" || d.Message == "" {
		return true
	}
	return strings.Contains(d.Code, "refused") || strings.Contains(fmt.Sprint(1), "1")
}

func allowed(err error, answer diagnostic) bool {
	//messagetext:allow the other program says nothing else of it
	if strings.Contains(err.Error(), "refused") {
		return true
	}
	return strings.Contains(answer.Message, "x") //messagetext:allow the server has no codes
}

func notAllowed(err error) bool {
	//messagetext:allow // want `needs a reason`
	return strings.Contains(err.Error(), "refused")
}

func needless() bool {
	//messagetext:allow for nothing // want `without a decision`
	return false
}
