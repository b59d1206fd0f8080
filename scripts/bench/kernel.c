/*
 * The floor of an ADD and of a DEL: what the kernel itself needs for the same objects, asked for by as little code as
 * can ask. Prints the microseconds from the first system call to the last answer, without the start of this process.
 *
 *   FLOOR_VERB=add FLOOR_NETNS=PATH FLOOR_PEER=eth0 FLOOR_BRIDGE=lab0 FLOOR_LINK=NAME FLOOR_ADDRESS=IP FLOOR_GATEWAY=IP
 *   FLOOR_VERB=del FLOOR_LINK=NAME
 *
 * add: a veth pair, one end a port of the bridge and up, the other made in the container's namespace; there up, with an
 * address of /16 and a default route. del: the pair removed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct request {
  struct nlmsghdr head;
  char body[1024];
};

static void stop(const char *what, int error) {
  printf("%s: %s\n", what, strerror(error));
  exit(1);
}

static int netlink(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) stop("socket", errno);
  return fd;
}

static void *end(struct request *r) { return (char *)r + NLMSG_ALIGN(r->head.nlmsg_len); }

static struct request begin(int type, int flags, const void *header, int size) {
  struct request r = {.head = {NLMSG_LENGTH(size), type, NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0}};
  memcpy(r.body, header, size);
  return r;
}

static struct rtattr *put(struct request *r, int type, const void *value, int size) {
  struct rtattr *a = end(r);
  *a = (struct rtattr){RTA_LENGTH(size), type};
  memcpy(RTA_DATA(a), value, size);
  r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
  return a;
}

static void put_text(struct request *r, int type, const char *text) { put(r, type, text, strlen(text) + 1); }

static void put_ip(struct request *r, int type, const char *text) {
  struct in_addr address;
  inet_pton(AF_INET, text, &address);
  put(r, type, &address, sizeof address);
}

static void close_nest(struct request *r, struct rtattr *a) { a->rta_len = (char *)end(r) - (char *)a; }

static void ask(int fd, struct request *r, const char *what) {
  struct {
    struct nlmsghdr head;
    struct nlmsgerr error;
    char rest[4096];
  } answer;
  if (send(fd, r, r->head.nlmsg_len, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0) stop(what, errno);
  if (answer.error.error) stop(what, -answer.error.error);
}

static void add_pair(int fd, int netns) {
  struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, none = {0};
  struct request r = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof up);
  int bridge = if_nametoindex(getenv("FLOOR_BRIDGE"));
  put_text(&r, IFLA_IFNAME, getenv("FLOOR_LINK"));
  put(&r, IFLA_MASTER, &bridge, sizeof bridge);
  struct rtattr *info = put(&r, IFLA_LINKINFO, "", 0);
  put_text(&r, IFLA_INFO_KIND, "veth");
  struct rtattr *data = put(&r, IFLA_INFO_DATA, "", 0);
  struct rtattr *peer = put(&r, VETH_INFO_PEER, &none, sizeof none);
  put_text(&r, IFLA_IFNAME, getenv("FLOOR_PEER"));
  put(&r, IFLA_NET_NS_FD, &netns, sizeof netns);
  close_nest(&r, peer);
  close_nest(&r, data);
  close_nest(&r, info);
  ask(fd, &r, "veth");
}

static void set_up(int fd) {
  struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  struct request r = begin(RTM_NEWLINK, 0, &up, sizeof up);
  put_text(&r, IFLA_IFNAME, getenv("FLOOR_PEER"));
  ask(fd, &r, "up");
}

static void add_address(int fd) {
  struct ifaddrmsg a = {.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = if_nametoindex(getenv("FLOOR_PEER"))};
  struct request r = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &a, sizeof a);
  put_ip(&r, IFA_LOCAL, getenv("FLOOR_ADDRESS"));
  put_ip(&r, IFA_ADDRESS, getenv("FLOOR_ADDRESS"));
  ask(fd, &r, "address");
}

static void add_route(int fd) {
  struct rtmsg m = {.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST};
  struct request r = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &m, sizeof m);
  put_ip(&r, RTA_GATEWAY, getenv("FLOOR_GATEWAY"));
  ask(fd, &r, "route");
}

static void add(void) {
  int netns = open(getenv("FLOOR_NETNS"), O_RDONLY | O_CLOEXEC);
  add_pair(netlink(), netns);
  if (setns(netns, CLONE_NEWNET)) stop("setns", errno);
  int inside = netlink();
  set_up(inside);
  add_address(inside);
  add_route(inside);
}

static void del(void) {
  struct ifinfomsg none = {0};
  struct request r = begin(RTM_DELLINK, 0, &none, sizeof none);
  put_text(&r, IFLA_IFNAME, getenv("FLOOR_LINK"));
  ask(netlink(), &r, "removal");
}

int main(void) {
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  if (strcmp(getenv("FLOOR_VERB"), "add")) del();
  else add();
  clock_gettime(CLOCK_MONOTONIC, &b);
  printf("%.1f\n", (b.tv_sec - a.tv_sec) * 1e6 + (b.tv_nsec - a.tv_nsec) / 1e3);
  return 0;
}
