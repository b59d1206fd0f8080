// A CNI plugin that does nothing but tell: appends a line of JSON to the file $BERTH_RECORD (its path, its whole environment,
// its stdin), and answers what its configuration's "answers" say for the command. What it answers to VERSION is in the file
// NAME.version beside it.
package main

import (
	"encoding/json"
	"io"
	"os"
	"sort"
	"syscall"
)

type answer struct {
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
	Exit   int    `json:"exit"`
	Signal int    `json:"signal"`
}

func main() {
	stdin, _ := io.ReadAll(os.Stdin)
	env := os.Environ()
	sort.Strings(env)
	line, _ := json.Marshal(map[string]any{"path": os.Args[0], "env": env, "stdin": stdin})
	if file, err := os.OpenFile(os.Getenv("BERTH_RECORD"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600); err == nil {
		_, _ = file.Write(append(line, '\n'))
	}
	reply(os.Getenv("CNI_COMMAND"), stdin)
}

func reply(command string, stdin []byte) {
	var config struct {
		Answers map[string]answer `json:"answers"`
	}
	if command == "VERSION" {
		config.Answers = map[string]answer{}
		if data, err := os.ReadFile(os.Args[0] + ".version"); err == nil {
			var said answer
			_ = json.Unmarshal(data, &said)
			config.Answers["VERSION"] = said
		}
	} else {
		_ = json.Unmarshal(stdin, &config)
	}
	said := config.Answers[command]
	_, _ = os.Stdout.WriteString(said.Stdout)
	_, _ = os.Stderr.WriteString(said.Stderr)
	if said.Signal != 0 {
		_ = syscall.Kill(os.Getpid(), syscall.Signal(said.Signal))
		select {}
	}
	os.Exit(said.Exit)
}
