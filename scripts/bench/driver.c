/*
 * The parent of every process that the benchmark times: small, so that a spawn costs what it costs a runtime's shim and
 * nothing of Bun's. Reads one request a line from stdin, fields separated by tabs, and answers with one line each.
 *
 *   enter PATH                      moves this process to the network namespace of that file
 *   netns PATH                      makes a network namespace and mounts it there
 *   forget PATH                     unmounts and removes it
 *   run FILE STDIN NAME=VALUE...    runs FILE: "status, wall ns, CPU us, stdout"
 *   burst N                         the next N lines are like run: all started, then all waited for; "failed, wall ns,
 *                                   CPU us, stdout of the first that failed"
 *
 * Tabs and line ends in a child's stdout are answered as spaces. CPU is user and system time, of waited-for
 * descendants too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FIELDS = 64, TEXT = 1 << 16, MOST = 1024, PIPE = 1 << 16 };

struct child {
  pid_t pid;
  int out;
};

static void stop(const char *what) {
  fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
  exit(1);
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Cuts a line at its tabs; the list ends with NULL, as an environment does. */
static int split(char *line, char *fields[FIELDS + 1]) {
  int n = 0;
  for (char *p = line; p && n < FIELDS;) fields[n++] = strsep(&p, "\t");
  fields[n] = NULL;
  return n;
}

/* A pipe holds the whole of stdin before the child starts, so that nobody has to write to it while time is taken. */
static struct child spawn(char *file, const char *input, char **env) {
  int in[2];
  struct child c = {.out = memfd_create("stdout", MFD_CLOEXEC)};
  if (c.out < 0 || pipe2(in, O_CLOEXEC)) stop("pipe");
  size_t size = strlen(input);
  if (size > PIPE && fcntl(in[1], F_SETPIPE_SZ, size) < 0) stop("F_SETPIPE_SZ");
  if (write(in[1], input, size) < 0) stop("write");
  close(in[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, c.out, 1);
  char *argv[] = {file, NULL};
  if ((errno = posix_spawn(&c.pid, file, &actions, NULL, argv, env))) stop(file);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  return c;
}

/* Waits for a child: its status; adds its CPU time. */
static int finish(struct child c, long long *cpu) {
  int status;
  struct rusage u;
  if (wait4(c.pid, &status, 0, &u) < 0) stop("wait4");
  *cpu += (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *output(struct child c) {
  static char text[TEXT];
  ssize_t n = pread(c.out, text, TEXT - 1, 0);
  text[n < 0 ? 0 : n] = 0;
  for (char *p = text; (p = strpbrk(p, "\t\n"));) *p = ' ';
  close(c.out);
  return text;
}

static void run(char **fields) {
  long long cpu = 0, start = now();
  struct child c = spawn(fields[1], fields[2], fields + 3);
  int status = finish(c, &cpu);
  long long wall = now() - start;
  printf("%d\t%lld\t%lld\t%s\n", status, wall, cpu, output(c));
}

static void burst(int n, char *line, size_t room) {
  static char *requests[MOST];
  static struct child children[MOST];
  static int status[MOST];
  for (int i = 0; i < n; i++) {
    if (getline(&line, &room, stdin) < 0) stop("burst");
    line[strcspn(line, "\n")] = 0;
    requests[i] = strdup(line);
  }
  long long cpu = 0, start = now();
  for (int i = 0; i < n; i++) {
    char *fields[FIELDS + 1];
    split(requests[i], fields);
    children[i] = spawn(fields[1], fields[2], fields + 3);
  }
  for (int i = 0; i < n; i++) status[i] = finish(children[i], &cpu);
  long long wall = now() - start;
  int failed = 0;
  char first[TEXT] = "";
  for (int i = 0; i < n; i++) {
    char *text = output(children[i]);
    if (status[i] && failed++ == 0) strcpy(first, text);
    free(requests[i]);
  }
  printf("%d\t%lld\t%lld\t%s\n", failed, wall, cpu, first);
}

static void enter(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET)) stop(path);
  close(fd);
}

static void make(const char *path) {
  pid_t pid = fork();
  if (pid == 0) {
    int fd = open(path, O_RDONLY | O_CREAT | O_EXCL, 0);
    if (fd < 0 || unshare(CLONE_NEWNET) || mount("/proc/self/ns/net", path, "none", MS_BIND, NULL)) stop(path);
    _exit(0);
  }
  int status;
  if (waitpid(pid, &status, 0) < 0 || status) exit(1);
}

static void forget(const char *path) {
  umount2(path, MNT_DETACH);
  unlink(path);
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, stdin) > 0) {
    char *fields[FIELDS + 1];
    line[strcspn(line, "\n")] = 0;
    split(line, fields);
    if (!strcmp(fields[0], "run")) run(fields);
    else if (!strcmp(fields[0], "burst")) burst(atoi(fields[1]), NULL, 0);
    else {
      if (!strcmp(fields[0], "enter")) enter(fields[1]);
      else if (!strcmp(fields[0], "netns")) make(fields[1]);
      else forget(fields[1]);
      puts("0\t0\t0\t");
    }
    fflush(stdout);
  }
  return 0;
}
