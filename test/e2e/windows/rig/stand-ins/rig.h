/*
 * What all stand-ins share: the record of their calls, answers that a test laid down, switches, texts in the language
 * and code page of the machine. Everything a test and the programs tell each other goes through files in C:\rig.
 */
#ifndef RIG_H
#define RIG_H

#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0A00
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define RIG L"C:\\rig\\"
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* files.c */

/** A whole file as UTF-16 text (from UTF-8), to be freed; NULL when there is none. */
wchar_t *rig_text(const wchar_t *path);
/** Appends bytes to a file in one write, so that lines of several programs do not mix. */
void rig_append(const wchar_t *path, const char *bytes, size_t length);
/** UTF-8 of a text, to be freed. */
char *rig_utf8(const wchar_t *text);
/** Whether a test turned a switch on; its text goes to `value` when that is given. */
BOOL rig_switch(const wchar_t *name, wchar_t *value, size_t size);
/** A switch that is a number. */
DWORD rig_number(const wchar_t *name, DWORD otherwise);
/** The next line of a text, without its end; moves `at` on. NULL at the end. */
wchar_t *rig_line(wchar_t **at);

/* record.c */

/** Appends this call (program, words, folder, parent) to calls.log. */
void rig_record_call(void);
/** Appends the start of a program that stays, with its whole environment, to starts.log. */
void rig_record_start(void);
/** Keeps a file live\PID.txt with the given text for as long as this process lives, however it ends. */
void rig_live(const wchar_t *text);

/* output.c */

/** The code page that console programs write in: switch "code-page", else 437. */
UINT rig_code_page(void);
void rig_print(const wchar_t *format, ...);
void rig_error(const wchar_t *format, ...);
/** Picks a text by the switch "language" (en, de, ja). */
const wchar_t *rig_say(const wchar_t *en, const wchar_t *de, const wchar_t *ja);
/** When a test laid down an answer for these words, prints it and ends the process with its exit code. */
void rig_answer(const wchar_t *tool, int count, wchar_t **words);

/* processes.c */

/** A process of the machine: a real one, or one that a test only named in processes.txt (a "ghost"). */
struct rig_process {
  DWORD pid, parent;
  BOOL ghost;
  wchar_t image[MAX_PATH], session[32], services[128];
  DWORD session_number;
};

/** All processes, to be freed; `count` of them. */
struct rig_process *rig_processes(size_t *count);
/** Whether a process, real or ghost, was put into the services' session, or needs rights that this user lacks. */
BOOL rig_protected(const struct rig_process *process);
/** Counts a ghost as ended from now on. */
void rig_end_ghost(DWORD pid);
BOOL rig_ghost_ended(DWORD pid);

#endif
