/* What a confined process may try: each is one function. */
#ifndef OBPUB_TESTS_HELPER_ATTEMPTS_H
#define OBPUB_TESTS_HELPER_ATTEMPTS_H

/* Below the test's folder: where the engine may have its sockets, and where it may not. */
#define SOCKET_FOLDER "sockets"
#define OTHER_FOLDER "other"

/* A cmocka setup function: a folder as by folder_setup(), and what the attempts work with. */
int attempts_setup(void **state);

/* Makes the same files and socket again, as attempts change them. */
void attempts_make_objects(void);

/* Each returns 0 when it worked, or something else. A process of its own has to try it. */
int try_sockets_of_its_own(void);
int try_secret_memory(void);
int try_clocks_and_randomness(void);
int try_epoll(void);
int try_read_file(void);
int try_read_folder(void);
int try_read_memory_file(void);
int try_write_file(void);
int try_append_to_file(void);
int try_empty_file(void);
int try_truncate(void);
int try_make_file(void);
int try_make_file_beside_sockets(void);
int try_make_nameless_file(void);
int try_make_folder(void);
int try_rename(void);
int try_link(void);
int try_remove_file(void);
int try_remove_file_beside_sockets(void);
int try_remove_file_below_sockets(void);
int try_change_mode(void);
int try_execute(void);
int try_execute_descriptor(void);
int try_fork(void);
int try_thread(void);
int try_trace(void);
int try_read_own_memory_by_call(void);
int try_signal_parent(void);
int try_executable_mapping(void);
int try_executable_protection(void);
int try_pkey_protection(void);
int try_unix_socket(void);
int try_inet_socket(void);
int try_inet6_socket(void);
int try_netlink_socket(void);
int try_packet_socket(void);
int try_alg_socket(void);
int try_connect(void);
int try_listen(void);
int try_status_socket(void);
int try_socket_elsewhere(void);
int try_type_on_terminal(void);
int try_be_dumpable(void);
int try_set_limit(void);
int try_become_user(void);
int try_memory_file(void);
int try_read_private_file(void);
int try_be_told_of_parents_end(void);

#endif
