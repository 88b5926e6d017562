# Plugins that fail while they are loaded: in a constructor, in the entry, by what the entry gives.
. "$top_srcdir/tests/zoo/lib.sh"

# A healthy one, so that the rest proves something.
fault
expect 0 kist put x.tiny good.npy
says out '2 kept'
expect 0 kist show x.tiny
says out hello org.example.tiny
whole

loading() {
	refused "plugin org.example.tiny 1.0.0" "$1"
	expect 1 kist plugin validate $tiny $how
	says err "$1"
}
rows loading 3<<'END'
-DIN=constructor -DDO=crash | crashed in loading: signal 11 (SIGSEGV)
-DIN=constructor -DDO=leave | ended the worker with exit status 3 in loading
-DIN=constructor -DDO=spin | took longer than 500 ms in loading and was ended
-DIN=entry -DDO=spin | took longer than 500 ms in loading and was ended
-DIN=entry -DDO=crash | crashed in loading: signal 11 (SIGSEGV)
-DIN=entry -DDO=abort | crashed in loading: signal 6 (SIGABRT)
-DIN=entry -DDO=leave | ended the worker with exit status 3 in loading
-DIN=entry -DDO=close_all | lost its connection to the host in loading
-DIN=entry -DDO=garbage | broke the worker's protocol
-DIN=entry -DDO=overflow | crashed in loading: signal 11 (SIGSEGV)
-DCHANGE='return 7' | broke the contract: its entry returned 7, which is no status
-DCHANGE='return -99' | broke the contract: its entry returned -99, which is no status
-DCHANGE='return KIST_UNSUPPORTED' | its entry failed (unsupported) and did not say why
-DCHANGE='return kist_failf(call,KIST_UNSUPPORTED,"E_CPU",KIST_NO_OFFSET,"no AVX9")' | no AVX9 [E_CPU]
-DCHANGE='kist_failf(call,KIST_IO,0,0,"sorry")' | its entry reported a failure and returned KIST_OK
-DCHANGE='*ret_plugin=NULL' | its entry succeeded and gave no plugin
-DCHANGE='bad_plugin.struct_size=0' | its struct kist_plugin has a struct_size of 0
-DCHANGE='bad_plugin.struct_size=8' | its struct kist_plugin has a struct_size of 8
-DCHANGE='bad_type.struct_size=0' | its type 0 has a struct_size of 0
-DCHANGE='bad_interface.struct_size=0' | org.example.tiny@1.interface has a struct_size of 0
-DCHANGE='bad_plugin.abi_minor_required=1' | needs plugin ABI 1.1, this build has 1.0: install a newer kist
-DCHANGE='bad_plugin.id="org.example.other"' | id: the manifest says 'org.example.tiny', the library 'org.example.other'
-DCHANGE='bad_plugin.id=NULL' | id: the manifest says 'org.example.tiny', the library 'nothing'
-DCHANGE='bad_plugin.version="1.0.1"' | version: the manifest says '1.0.0', the library '1.0.1'
-DCHANGE='bad_plugin.type_count=0' | number of types: the manifest says 1, the library 0
-DCHANGE='bad_plugin.type_count=UINT64_MAX' | number of types: the manifest says 1, the library 18446744073709551615
-DCHANGE='bad_plugin.types=NULL' | counts types or tasks and gives no list of them
-DCHANGE='bad_types[0]=NULL' | its type 0 is NULL
-DCHANGE='bad_plugin.types=(void*)8' | crashed in loading: signal 11 (SIGSEGV)
-DCHANGE='bad_plugin.tasks=bad_tasks,bad_plugin.task_count=1' | number of tasks: the manifest says 0, the library 1
-DCHANGE='bad_type.type="org.example.tony"' | the manifest offers 'org.example.tiny@1', the library does not
-DCHANGE='bad_type.task="TonyArtifactTask"' | task of 'org.example.tiny@1': the manifest says 'TinyArtifactTask', the library 'TonyArtifactTask'
-DCHANGE='bad_type.major=2' | the manifest offers 'org.example.tiny@1', the library does not
-DCHANGE='bad_type.minor=1' | minor version of 'org.example.tiny@1': the manifest says 0, the library 1
-DCHANGE='bad_type.kinds=255' | kinds of 'org.example.tiny@1' (as bits): the manifest says 4, the library 255
-DCHANGE='bad_type.priority=79' | priority of 'org.example.tiny@1': the manifest says 50, the library 79
-DCHANGE='bad_type.interface=NULL' | its type 0 has no name, no task or no interface
-DCHANGE='bad_interface.validate=NULL' | lacks one of open, close, serialize, deserialize, validate
END

# The list runs nothing; the doctor tries each apart and goes on.
fault -DIN=entry -DDO=crash
expect 0 kist plugin list
says out org.example.tiny ready
expect 1 kist plugin doctor
says out 'crashed in loading: signal 11 (SIGSEGV)' kist.numpy loads
fault -DIN=constructor -DDO=rest
expect 1 kist plugin doctor --deadline 0.5
says out 'took longer than 500 ms in loading' kist.numpy loads
whole

# Function tasks: declared in the manifest, with the signature that the library has.
edit='s/"tasks": .*/"tasks": [{"name": "add_one", "signature": "i64->i64", "inputs": [{"name": "x", "type": "integer"}], "outputs": [{"name": "y", "type": "integer"}]}],/'
give='bad_plugin.tasks=bad_tasks,bad_plugin.task_count=1'
fault -DCHANGE="$give"
expect 0 kist plugin validate $tiny
expect 0 kist plugin list
says out TinyArtifactTask add_one
rows loading 3<<'END'
-DCHANGE= | number of tasks: the manifest says 1, the library 0
-DCHANGE="$give,bad_task.name=\"add_two\"" | the manifest offers the task 'add_one', the library does not
-DCHANGE="$give,bad_task.signature=\"i64,i64->i64\"" | signature of task 'add_one': the manifest says 'i64->i64', the library 'i64,i64->i64'
-DCHANGE="$give,bad_task.function=NULL" | its task 0 has no name, no signature or no function
-DCHANGE="$give,bad_task.struct_size=0" | its task 0 has a struct_size of 0
END
edit='s/"tasks": .*/"tasks": [{"name": "add_one", "signature": "long->long"}],/'
fault -DCHANGE="$give"
expect 1 kist plugin validate $tiny
says err signature long
