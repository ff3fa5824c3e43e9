package params

import (
	"strings"
	"unicode"
)

// serviceWords are what people call the interfaces of the contract.
var serviceWords = map[string]string{
	"Classifier":       "text classifier",
	"BatchClassifier":  "text classifier of many texts at once",
	"TicketSystem":     "ticket system",
	"TicketCreator":    "ticket system that makes tickets",
	"TemplateRenderer": "template renderer",
}

// ServiceWords names in words, with an article, what an injection needs: "a ticket
// system". The name of an interface of another plugin is split into its words:
// acme.example/sms.SMSGateway is "an SMS gateway".
func ServiceWords(goInterface string) string {
	name := goInterface[strings.LastIndexAny(goInterface, "./")+1:]
	if name == "" {
		return "a service"
	}
	words, ok := serviceWords[name]
	if !ok || !strings.Contains(goInterface, "/api.") && strings.Contains(goInterface, "/") {
		words = wordsOf(name)
	}
	article := "a "
	// Of an abbreviation the letters are spoken: an SMS gateway, a URL store.
	if first := words[:min(1, len(words))]; strings.Contains("aeio", strings.ToLower(first)) || abbreviated(words) && strings.Contains("FHLMNRSX", first) {
		article = "an "
	}
	return article + words
}

func abbreviated(words string) bool {
	first, _, _ := strings.Cut(words, " ")
	return len(first) > 1 && strings.ToUpper(first) == first
}

// wordsOf splits a Go name: TicketArchive is "ticket archive".
func wordsOf(name string) string {
	var words []string
	runes := []rune(name)
	from := 0
	for i := 1; i <= len(runes); i++ {
		if i < len(runes) && !(unicode.IsUpper(runes[i]) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))) {
			continue
		}
		word := string(runes[from:i])
		if !abbreviated(word) {
			word = strings.ToLower(word)
		}
		words, from = append(words, word), i
	}
	return strings.Join(words, " ")
}
