#include "verify/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

extern char** environ;

namespace smelt::verify {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "smelt-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw fs::filesystem_error("no temporary directory", pattern, std::error_code(errno, std::generic_category()));
  }
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::optional<fs::path> find_program(const std::string& command) {
  if (command.find('/') != std::string::npos) {
    return access(command.c_str(), X_OK) == 0 ? std::optional<fs::path>(command) : std::nullopt;
  }
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const fs::path candidate = fs::path(rest.substr(0, colon)) / command;
    std::error_code ignored;
    if (fs::is_regular_file(candidate, ignored) && access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return std::nullopt;
}

Failure missing_tool(const std::string& command, const std::string& package) {
  return {ExitCode::missing_tool,
          {"E0711", command, "the program is not installed", "install it with `apt install " + package + "`"}};
}

namespace {

/// What a child writes until it closes its end, or nothing more after the deadline.
bool drain(int from, std::string& output, Clock::time_point deadline) {
  constexpr std::size_t limit = std::size_t{1} << 20;
  char buffer[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{from, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t got = read(from, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    if (output.size() < limit) output.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

Ended run_program(const std::vector<std::string>& arguments, const fs::path& directory,
                  std::chrono::milliseconds timeout) {
  int ends[2];
  SMELT_ASSERT(pipe2(ends, O_CLOEXEC) == 0, "no pipe");
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  // A group of its own, so that a compiler driver's children die with it at the deadline.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);

  pid_t child = 0;
  const int error = posix_spawn(&child, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(ends[1]);
  Ended ended;
  if (error != 0) {
    close(ends[0]);
    ended.status = 127;
    ended.output = arguments[0] + " cannot be started\n";
    return ended;
  }
  const Clock::time_point deadline = Clock::now() + timeout;
  ended.timed_out = !drain(ends[0], ended.output, deadline);
  close(ends[0]);
  int status = 0;
  // A program may close its output and go on: the deadline holds for its end, too.
  while (!ended.timed_out && waitpid(child, &status, WNOHANG) == 0) {
    if (Clock::now() >= deadline) ended.timed_out = true;
    poll(nullptr, 0, 1);
  }
  if (ended.timed_out) {
    kill(-child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

}  // namespace smelt::verify
