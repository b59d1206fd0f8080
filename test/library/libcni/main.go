// Plays scenarios (test/library/scenario.ts) with the released libcni.
//
//	recordings SCENARIO...
//
// Prints a line of JSON for each: of each step what it gave, or libcni's error, and what is in the cache then.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

type attachment struct {
	ContainerID    string         `json:"containerId"`
	NetNS          string         `json:"netns"`
	IfName         string         `json:"ifname"`
	Args           [][2]string    `json:"args"`
	CapabilityArgs map[string]any `json:"capabilityArgs"`
}

type step struct {
	Do         string       `json:"do"`
	Text       *string      `json:"text"`
	File       string       `json:"file"`
	Directory  string       `json:"directory"`
	Name       string       `json:"name"`
	Attachment attachment   `json:"attachment"`
	Valid      []attachment `json:"valid"`
	Container  string       `json:"containerId"`
}

type scenario struct {
	Path  []string `json:"path"`
	Cache string   `json:"cache"`
	Trace *struct {
		TraceID string `json:"traceId"`
		SpanID  string `json:"spanId"`
		State   string `json:"state"`
		Baggage string `json:"baggage"`
	} `json:"trace"`
	Steps []step `json:"steps"`
}

func main() {
	out := json.NewEncoder(os.Stdout)
	for _, file := range os.Args[1:] {
		data, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		var all scenario
		if err := json.Unmarshal(data, &all); err != nil {
			panic(err)
		}
		_ = out.Encode(played(all))
	}
}

func played(all scenario) []map[string]any {
	player := &player{cni: libcni.NewCNIConfigWithCacheDir(all.Path, all.Cache, nil), ctx: traced(all)}
	lines := []map[string]any{}
	for _, one := range all.Steps {
		line := map[string]any{}
		if value, err := player.play(one, all.Cache); err != nil {
			line["error"] = err.Error()
		} else {
			line["ok"] = value
		}
		line["cache"] = contents(filepath.Join(all.Cache, "results"))
		lines = append(lines, line)
	}
	return lines
}

func traced(all scenario) context.Context {
	ctx := context.Background()
	if all.Trace == nil {
		return ctx
	}
	traceID, _ := trace.TraceIDFromHex(all.Trace.TraceID)
	spanID, _ := trace.SpanIDFromHex(all.Trace.SpanID)
	state, _ := trace.ParseTraceState(all.Trace.State)
	span := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled, TraceState: state,
	})
	carried, _ := baggage.Parse(all.Trace.Baggage)
	return baggage.ContextWithBaggage(trace.ContextWithSpanContext(ctx, span), carried)
}

func contents(directory string) map[string][]byte {
	files := map[string][]byte{}
	entries, _ := os.ReadDir(directory)
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		files[entry.Name()], _ = os.ReadFile(filepath.Join(directory, entry.Name()))
	}
	return files
}

type player struct {
	cni  *libcni.CNIConfig
	ctx  context.Context
	list *libcni.NetworkConfigList
}

func (p *player) play(one step, cache string) (any, error) {
	switch one.Do {
	case "load":
		return p.load(one)
	case "write":
		file := filepath.Join(cache, "results", one.File)
		_ = os.MkdirAll(filepath.Dir(file), 0o700)
		return nil, os.WriteFile(file, []byte(*one.Text), 0o600)
	case "attachments":
		return described(p.cni.GetCachedAttachments(one.Container))
	}
	if p.list == nil {
		return "no list", nil
	}
	rt := one.Attachment.conf()
	switch one.Do {
	case "add":
		return p.cni.AddNetworkList(p.ctx, p.list, rt)
	case "check":
		return nil, p.cni.CheckNetworkList(p.ctx, p.list, rt)
	case "del":
		return nil, p.cni.DelNetworkList(p.ctx, p.list, rt)
	case "cached":
		return p.cni.GetNetworkListCachedResult(p.list, rt)
	case "gc":
		args := &libcni.GCArgs{ValidAttachments: []types.GCAttachment{}}
		for _, valid := range one.Valid {
			args.ValidAttachments = append(args.ValidAttachments,
				types.GCAttachment{ContainerID: valid.ContainerID, IfName: valid.IfName})
		}
		return nil, p.cni.GCNetworkList(p.ctx, p.list, args)
	case "status":
		return nil, p.cni.GetStatusNetworkList(p.ctx, p.list)
	case "validate":
		capabilities, err := p.cni.ValidateNetworkList(p.ctx, p.list)
		sort.Strings(capabilities)
		return capabilities, err
	}
	return nil, fmt.Errorf("there is no step %s", one.Do)
}

func (p *player) load(one step) (any, error) {
	var list *libcni.NetworkConfigList
	var err error
	switch {
	case one.Text != nil:
		list, err = libcni.NetworkConfFromBytes([]byte(*one.Text))
	case one.File != "":
		list, err = libcni.NetworkConfFromFile(one.File)
	default:
		list, err = libcni.LoadNetworkConf(one.Directory, one.Name)
	}
	if err != nil {
		return nil, err
	}
	p.list = list
	kinds := []string{}
	for _, plugin := range list.Plugins {
		kinds = append(kinds, plugin.Network.Type)
	}
	return map[string]any{
		"name": list.Name, "cniVersion": list.CNIVersion, "disableCheck": list.DisableCheck, "disableGC": list.DisableGC,
		"plugins": kinds, "bytes": list.Bytes,
	}, nil
}

func (a attachment) conf() *libcni.RuntimeConf {
	return &libcni.RuntimeConf{
		ContainerID: a.ContainerID, NetNS: a.NetNS, IfName: a.IfName, Args: a.Args, CapabilityArgs: a.CapabilityArgs,
	}
}

func described(found []*libcni.NetworkAttachment, err error) (any, error) {
	list := []any{}
	for _, one := range found {
		list = append(list, map[string]any{
			"containerId": one.ContainerID, "network": one.Network, "ifname": one.IfName, "netns": one.NetNS,
			"config": append([]byte{}, one.Config...), "args": one.CniArgs, "capabilityArgs": one.CapabilityArgs,
		})
	}
	return list, err
}
