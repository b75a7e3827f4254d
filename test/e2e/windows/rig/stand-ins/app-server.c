/* The tray app's care for its server: pid file, logs, environment, respawn. facts/windows.md 3.1, 3.2, 3.7, 3.8. */
#include "app.h"

static HANDLE server;
static DWORD server_pid;
static volatile LONG stopping;

static void file_in_home(wchar_t *path, const wchar_t *name) { swprintf(path, MAX_PATH, L"%ls\\%ls", app_home(), name); }

/* Ends what an app before this one left running, by its pid file. */
static void clean_up(void) {
  wchar_t path[MAX_PATH];
  file_in_home(path, L"ollama.pid");
  wchar_t *text = rig_text(path);
  DWORD pid = text ? wcstoul(text, NULL, 10) : 0;
  free(text);
  HANDLE old = pid ? OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, pid) : NULL;
  if (old) {
    app_log(L"cleaned up the previous server %lu", pid);
    TerminateProcess(old, 1);
    WaitForSingleObject(old, 2000);
    CloseHandle(old);
  }
  DeleteFileW(path);
}

static HANDLE open_log(void) {
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  wchar_t path[MAX_PATH], older[MAX_PATH];
  file_in_home(path, L"server.log");
  file_in_home(older, L"server-1.log");
  MoveFileExW(path, older, MOVEFILE_REPLACE_EXISTING);
  return CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, &inherit, CREATE_ALWAYS, 0, NULL);
}

static BOOL start(const wchar_t *program, HANDLE log) {
  wchar_t line[MAX_PATH + 16], path[MAX_PATH], before[512];
  STARTUPINFOW info = {.cb = sizeof info, .dwFlags = STARTF_USESTDHANDLES, .hStdOutput = log, .hStdError = log};
  PROCESS_INFORMATION process;
  swprintf(line, COUNT(line), L"\"%ls\" serve", program);
  /* The setting stands over the user's variable, for the server alone. */
  DWORD had = GetEnvironmentVariableW(L"OLLAMA_HOST", before, COUNT(before));
  BOOL exposed = app_exposed();
  if (exposed) SetEnvironmentVariableW(L"OLLAMA_HOST", L"0.0.0.0");
  BOOL started = CreateProcessW(program, line, NULL, NULL, TRUE, CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW, NULL, NULL, &info, &process);
  if (exposed) SetEnvironmentVariableW(L"OLLAMA_HOST", had ? before : NULL);
  if (!started) return FALSE;
  CloseHandle(process.hThread);
  server = process.hProcess;
  server_pid = process.dwProcessId;
  char pid[16];
  file_in_home(path, L"ollama.pid");
  DeleteFileW(path);
  rig_append(path, pid, sprintf(pid, "%lu", server_pid));
  app_log(L"started ollama server %lu", server_pid);
  return TRUE;
}

DWORD WINAPI app_run_server(void *unused) {
  wchar_t program[MAX_PATH];
  (void)unused;
  HANDLE log = open_log();
  clean_up();
  while (!stopping) {
    Sleep(rig_number(L"restart-delay", 1000));
    if (stopping) break;
    if (!app_find_ollama(program) || !start(program, log)) {
      /* As seen in the wild: the icon stays, without a server (3.3). */
      app_log(L"exec: \\\"ollama\\\": executable file not found in %%PATH%%");
      return 1;
    }
    WaitForSingleObject(server, INFINITE);
    DWORD code;
    GetExitCodeProcess(server, &code);
    app_log(L"ollama exited code=%lu", code);
  }
  return 0;
}

void app_stop_server(void) {
  wchar_t name[64], path[MAX_PATH];
  InterlockedExchange(&stopping, 1);
  if (!server) return;
  swprintf(name, COUNT(name), L"Local\\rig-stop-%lu", server_pid);
  HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, name);
  if (event) SetEvent(event);
  if (!event || WaitForSingleObject(server, 5000) == WAIT_TIMEOUT) TerminateProcess(server, 1);
  file_in_home(path, L"ollama.pid");
  DeleteFileW(path);
}
