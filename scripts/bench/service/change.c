/*
 * How long a change of a file takes until the kernel has it. Reads lines "FROM TO ADDRESS": renames FROM to TO, and prints the
 * nanoseconds from before the rename to the kernel's word on the commit (NFT_MSG_NEWGEN) in which an IPv4 address comes. It does no
 * more: `nft monitor` and who reads what it prints take milliseconds to be woken and to write it all down.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PATIENCE_S 20
#define TYPE(message) ((NFNL_SUBSYS_NFTABLES << 8) | (message))

static char buffer[1 << 17];

static int checked(int result, const char *what) {
  if (result >= 0) return result;
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int monitor(void) {
  struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = 1 << (NFNLGRP_NFTABLES - 1)};
  int size = 1 << 22;
  struct timeval patience = {.tv_sec = PATIENCE_S};
  int fd = checked(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), "socket");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  checked(bind(fd, (void *)&own, sizeof own), "bind");
  return fd;
}

/* Returns when a commit with new elements that have the address has been told of. */
static void await(int fd, struct in_addr address) {
  for (int has = 0;;) {
    int left = checked(recv(fd, buffer, sizeof buffer, 0), "no commit with that address was told of");
    for (struct nlmsghdr *m = (void *)buffer; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
      if (m->nlmsg_type == TYPE(NFT_MSG_NEWSETELEM)) has |= !!memmem(m, m->nlmsg_len, &address, sizeof address);
      if (m->nlmsg_type == TYPE(NFT_MSG_NEWGEN) && has) return;
    }
  }
}

int main(void) {
  int fd = monitor();
  char from[4096], to[4096], ip[INET_ADDRSTRLEN];
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("ready");
  while (scanf("%4095s %4095s %15s", from, to, ip) == 3) {
    struct in_addr address;
    if (inet_pton(AF_INET, ip, &address) != 1) return fprintf(stderr, "no address: %s\n", ip), 1;
    long long begun = now();
    checked(rename(from, to), to);
    await(fd, address);
    printf("%lld\n", now() - begun);
  }
  return 0;
}
