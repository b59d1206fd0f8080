// Calls a network list's plugins once, as runtimes do: with the released libcni.
//
//	libcni PLUGINS CACHE LIST VERB [CONTAINER NETNS IFNAME [CAPABILITIES]]
//
// PLUGINS is a directory; CACHE is where results are kept between the verbs; LIST is a file; CAPABILITIES is a JSON object.
// Verbs: add check del, and status and gc of CNI 1.1, of which gc takes the attachments that are there as CONTAINER/IFNAME.
// Prints the result of add as JSON, and other libcni's error on stderr, ending with 1.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"
)

func main() {
	if len(os.Args) < 5 {
		fail(fmt.Errorf("usage: libcni PLUGINS CACHE LIST VERB [CONTAINER NETNS IFNAME [CAPABILITIES]]"))
	}
	list, err := libcni.ConfListFromFile(os.Args[3])
	if err != nil {
		fail(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cni := libcni.NewCNIConfigWithCacheDir([]string{os.Args[1]}, os.Args[2], nil)
	if err := call(ctx, cni, list, os.Args[4], os.Args[5:]); err != nil {
		fail(err)
	}
}

func call(ctx context.Context, cni *libcni.CNIConfig, list *libcni.NetworkConfigList, verb string, args []string) error {
	switch verb {
	case "status":
		return cni.GetStatusNetworkList(ctx, list)
	case "gc":
		return cni.GCNetworkList(ctx, list, &libcni.GCArgs{ValidAttachments: attachments(args)})
	}
	rt, err := runtimeConf(args)
	if err != nil {
		return err
	}
	switch verb {
	case "add":
		result, err := cni.AddNetworkList(ctx, list, rt)
		if err != nil {
			return err
		}
		return result.PrintTo(os.Stdout)
	case "check":
		return cni.CheckNetworkList(ctx, list, rt)
	case "del":
		return cni.DelNetworkList(ctx, list, rt)
	}
	return fmt.Errorf("there is no verb %s", verb)
}

func runtimeConf(args []string) (*libcni.RuntimeConf, error) {
	if len(args) < 3 {
		return nil, fmt.Errorf("CONTAINER NETNS IFNAME are missing")
	}
	rt := &libcni.RuntimeConf{ContainerID: args[0], NetNS: args[1], IfName: args[2]}
	if len(args) > 3 {
		if err := json.Unmarshal([]byte(args[3]), &rt.CapabilityArgs); err != nil {
			return nil, fmt.Errorf("CAPABILITIES: %w", err)
		}
	}
	return rt, nil
}

// attachments never gives nil: libcni would keep nobody in either case, but plugins are told an empty list.
func attachments(args []string) []types.GCAttachment {
	list := []types.GCAttachment{}
	for _, arg := range args {
		container, ifname, _ := strings.Cut(arg, "/")
		list = append(list, types.GCAttachment{ContainerID: container, IfName: ifname})
	}
	return list
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
