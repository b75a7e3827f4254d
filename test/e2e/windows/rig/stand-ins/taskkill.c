/*
 * taskkill.exe: /PID (several), /IM, /F, /T. Polite is WM_CLOSE to the top-level windows, hidden ones too; a program
 * without windows can only be ended with /F, and a polite /T is refused for such a child. Exit codes 0, 1 and 128, texts
 * on the streams that Windows uses: facts/windows.md 6.5, 3.9.
 */
#include "rig.h"

static struct rig_process *all;
static size_t number;
static BOOL forced, tree;

static const wchar_t *success(void) { return rig_say(L"SUCCESS:", L"ERFOLGREICH:", L"成功:"); }
static const wchar_t *failure(void) { return rig_say(L"ERROR:", L"FEHLER:", L"エラー:"); }

struct closing {
  DWORD pid;
  int windows;
};

static BOOL CALLBACK close_window(HWND window, LPARAM what) {
  struct closing *closing = (struct closing *)what;
  DWORD pid;
  GetWindowThreadProcessId(window, &pid);
  if (pid != closing->pid) return TRUE;
  wchar_t class[64] = L"";
  GetClassNameW(window, class, COUNT(class));
  /* Helper windows that Wine makes for every process with a message queue. */
  if (!wcscmp(class, L"IME") || !wcsncmp(class, L"OleMainThread", 13)) return TRUE;
  closing->windows++;
  PostMessageW(window, WM_CLOSE, 0, 0);
  return TRUE;
}

static int refused(DWORD pid, const wchar_t *reason) {
  rig_error(rig_say(L"ERROR: The process with PID %lu could not be terminated.\r\nReason: %ls\r\n",
                    L"FEHLER: Der Prozess mit PID %lu konnte nicht beendet werden.\r\nGrund: %ls\r\n",
                    L"エラー: PID %lu のプロセスを強制終了できませんでした。\r\n理由: %ls\r\n"), pid, reason);
  return 1;
}

static int end(const struct rig_process *process) {
  if (rig_protected(process) || process->pid == 4)
    return refused(process->pid, rig_say(L"Access is denied.", L"Zugriff verweigert", L"アクセスが拒否されました。"));
  if (process->ghost) {
    rig_end_ghost(process->pid);
  } else if (forced) {
    HANDLE handle = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, process->pid);
    if (!handle || !TerminateProcess(handle, 1)) return refused(process->pid, L"There is no running instance of the task.");
    WaitForSingleObject(handle, 2000);
    CloseHandle(handle);
  } else {
    struct closing closing = {process->pid, 0};
    EnumWindows(close_window, (LPARAM)&closing);
    if (!closing.windows)
      return refused(process->pid, rig_say(L"This process can only be terminated forcefully (with /F option).",
                                           L"Das Beenden dieses Prozesses kann nur erzwungen werden (mit der Option \"/F\").",
                                           L"このプロセスは、強制的にのみ終了できます (/F オプションを指定してください)。"));
  }
  if (forced)
    rig_print(rig_say(L"%ls The process \"%ls\" with PID %lu has been terminated.\r\n",
                      L"%ls Der Prozess \"%ls\" mit PID %lu wurde beendet.\r\n",
                      L"%ls プロセス \"%ls\" (PID %lu) は強制終了されました。\r\n"), success(), process->image, process->pid);
  else
    rig_print(rig_say(L"%ls Sent termination signal to the process \"%ls\" with PID %lu.\r\n",
                      L"%ls Ein Beendigungssignal wurde an den Prozess \"%ls\" mit der PID %lu gesendet.\r\n",
                      L"%ls プロセス \"%ls\" (PID %lu) に終了シグナルを送信しました。\r\n"), success(), process->image, process->pid);
  return 0;
}

/* Children first, as Windows does; one that stays keeps its parents. */
static int end_tree(const struct rig_process *process, int depth) {
  int code = 0;
  for (size_t i = 0; i < number && depth < 16; i++)
    if (all[i].parent == process->pid && !all[i].ghost && all[i].pid != process->pid) code |= end_tree(&all[i], depth + 1);
  if (code)
    return refused(process->pid, rig_say(L"One or more child processes of this process were still running.",
                                         L"Mindestens ein untergeordneter Prozess dieses Prozesses wurde noch ausgeführt.",
                                         L"このプロセスの 1 つまたは複数の子プロセスが実行されています。"));
  return end(process);
}

static int kill_all(const wchar_t *image, DWORD pid) {
  int code = 0, found = 0;
  for (size_t i = 0; i < number; i++) {
    if (image ? wcsicmp(all[i].image, image) : all[i].pid != pid) continue;
    found++;
    code |= tree ? end_tree(&all[i], 0) : end(&all[i]);
  }
  if (found) return code;
  wchar_t name[MAX_PATH];
  if (image) wcsncpy(name, image, COUNT(name) - 1);
  else swprintf(name, COUNT(name), L"%lu", pid);
  rig_error(rig_say(L"%ls The process \"%ls\" not found.\r\n", L"%ls Der Prozess \"%ls\" wurde nicht gefunden.\r\n",
                    L"%ls プロセス \"%ls\" が見つかりませんでした。\r\n"), failure(), name);
  return 128;
}

int wmain(int count, wchar_t **words) {
  int code = 0, targets = 0;
  rig_record_call();
  rig_answer(L"taskkill", count, words);
  for (int i = 1; i < count; i++) {
    if (!wcsicmp(words[i], L"/F")) forced = TRUE;
    if (!wcsicmp(words[i], L"/T")) tree = TRUE;
  }
  all = rig_processes(&number);
  for (int i = 1; i < count; i++) {
    BOOL pid = !wcsicmp(words[i], L"/PID");
    if (!wcsicmp(words[i], L"/F") || !wcsicmp(words[i], L"/T")) continue;
    if ((!pid && wcsicmp(words[i], L"/IM")) || i + 1 >= count) {
      rig_error(L"%ls %ls\r\n", failure(), rig_say(L"Invalid syntax.", L"Ungültige Syntax.", L"無効な構文です。"));
      return 1;
    }
    int each = kill_all(pid ? NULL : words[i + 1], wcstoul(words[i + 1], NULL, 10));
    if (each > code) code = each;
    targets++;
    i++;
  }
  return targets ? code : 1;
}
