/*
 * launch.exe ORDER: starts a program as a shell of a certain age would, with exactly the folder, environment and files
 * that the order (UTF-8 lines NAME=VALUE) tells. Node under Wine cannot write to pipes of the Unix side (facts 12.1).
 */
#include "rig.h"

static HANDLE opened(const wchar_t *path, BOOL writes) {
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  return CreateFileW(path, writes ? FILE_APPEND_DATA : GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, &inherit, writes ? OPEN_ALWAYS : OPEN_EXISTING, 0, NULL);
}

int wmain(int count, wchar_t **words) {
  wchar_t *text = count > 1 ? rig_text(words[1]) : NULL, *at = text, *line, *command = NULL, *folder = NULL;
  BOOL wait = TRUE;
  DWORD code = 0;
  STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
  PROCESS_INFORMATION process;
  while ((line = rig_line(&at))) {
    wchar_t *value = wcschr(line, L'=');
    if (!value) continue;
    *value++ = 0;
    if (!wcscmp(line, L"command")) command = value;
    else if (!wcscmp(line, L"cwd")) folder = value;
    else if (!wcscmp(line, L"stdin")) start.hStdInput = opened(value, FALSE);
    else if (!wcscmp(line, L"stdout")) start.hStdOutput = opened(value, TRUE);
    else if (!wcscmp(line, L"stderr")) start.hStdError = opened(value, TRUE);
    else if (!wcscmp(line, L"wait")) wait = *value == L'1';
    else if (!wcscmp(line, L"unset")) SetEnvironmentVariableW(value, NULL);
    else if (!wcscmp(line, L"env") && wcschr(value, L'=')) {
      wchar_t *content = wcschr(value, L'=');
      *content++ = 0;
      SetEnvironmentVariableW(value, content);
    }
  }
  if (!command || !CreateProcessW(NULL, command, NULL, NULL, TRUE, 0, NULL, folder, &start, &process)) {
    fprintf(stderr, "launch: cannot start %ls: error %lu\n", command ? command : L"nothing", GetLastError());
    return 125;
  }
  if (!wait) {
    printf("%lu\n", process.dwProcessId);
    return 0;
  }
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  /* Of an exit code, the Unix side would see eight bits. */
  printf("%lu\n", code);
  return 0;
}
