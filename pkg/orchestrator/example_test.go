package orchestrator_test

import (
	"context"
	"fmt"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// plainTexts is a template language without any templates.
type plainTexts struct{}

func (plainTexts) Parse(source string) (api.Template, error) { return plainText(source), nil }

type plainText string

func (t plainText) Render(context.Context, api.Scope) (api.Rendered, error) {
	return api.Rendered{Text: string(t), Value: string(t)}, nil
}

type sayParams struct {
	Text string `otai:"text,required" doc:"What to say."`
}

// A host registers its plugins, builds what a configuration describes and runs it.
func Example() {
	r := registry.New(":")
	err := r.Register("otai-sample", "sample", api.AppConfig{}, []api.Injectable{
		api.NewService("Texts", "Leaves texts as they are.", func(struct{}, api.Host) (plainTexts, error) { return plainTexts{}, nil }),
		api.NewPipeFunc("SayPipe", "Says something.", func(_ context.Context, p sayParams, _ api.Scope) (api.PipeResult, error) {
			fmt.Println(p.Text)
			return api.Success(nil), nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	options := orchestrator.Options{Registry: r, DefaultRenderer: "sample:Texts", Once: true}
	root := map[string]any{"use": "sample:SayPipe", "params": map[string]any{"text": "hello"}}

	engine, err := orchestrator.New(orchestrator.Definition{Root: root, RootPath: "orchestrator"}, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(engine.Run(context.Background()))
	fmt.Println(engine.Close())

	// A wrong param is found before anything runs.
	root["params"] = map[string]any{"txt": "hello"}
	_, err = orchestrator.New(orchestrator.Definition{Root: root, RootPath: "orchestrator"}, options)
	fmt.Println(err)
	// Output:
	// hello
	// <nil>
	// <nil>
	// orchestrator.params.text: is required
	// orchestrator.params.txt: unknown key (did you mean "text"?)
}
