/*
 * Stands for every program of Windows that has nothing but recorded answers here (netsh, powershell, wmic and others),
 * and for a program planted in a folder: its call is recorded with the path it ran from.
 */
#include "rig.h"

#define PORTS L"\r\nProtocol tcp Port Exclusion Ranges\r\n\r\nStart Port    End Port      \r\n----------    --------      \r\n"

int wmain(int count, wchar_t **words) {
  wchar_t path[MAX_PATH], name[MAX_PATH];
  rig_record_call();
  GetModuleFileNameW(NULL, path, MAX_PATH);
  wcscpy(name, wcsrchr(path, L'\\') + 1);
  if (wcsrchr(name, L'.')) *wcsrchr(name, L'.') = 0;
  wcslwr(name);
  rig_answer(name, count, words);
  BOOL ports = FALSE;
  for (int i = 1; i < count; i++) ports = ports || !wcsicmp(words[i], L"excludedportrange");
  if (ports && !wcscmp(name, L"netsh")) {
    /* The same ranges that the stand-in for Ollama may not bind in (facts 7): lines of "FROM TO". */
    wchar_t *text = rig_text(RIG L"switches\\excluded-ports"), *at = text, *line;
    unsigned from, to;
    rig_print(PORTS);
    while ((line = rig_line(&at)))
      if (swscanf(line, L"%u %u", &from, &to) == 2) rig_print(L"%10u    %8u      \r\n", from, to);
    rig_print(L"\r\n* - Administered port exclusions.\r\n\r\n");
    return 0;
  }
  rig_error(L"rig: no answer was recorded for %ls\r\n", GetCommandLineW());
  return 1;
}
