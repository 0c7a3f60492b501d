"""Makes the Active Directory domain that an smb.conf describes, with accounts of its own.

`samba-tool domain provision` does the same and more: it wants a file system with access control lists, for shares that
nobody opens here, and takes longer.

Standard input: {"smbConf": PATH, "entries": LDIF, "changes": LDIF, "stored": LDIF}. Changes in `stored` are written as
they are, to attributes that the directory otherwise sets by itself: since when somebody has their password.
"""

import json
import logging
import sys

from samba import provision
from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2

# DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID
AS_IT_IS = "local_oid:1.3.6.1.4.1.7165.4.3.12:0"

# Of the 1,400 texts that Windows' own consoles show, only the folder they are in, to which later steps refer.
read_display_texts = provision.read_ms_ldif
provision.read_ms_ldif = lambda path: read_display_texts(path).split("\n\n")[0] + "\n"

wanted = json.load(sys.stdin)
domain = provision.provision(
    logging.getLogger(),
    system_session(),
    smbconf=wanted["smbConf"],
    serverrole="active directory domain controller",
    dns_backend="NONE",
    # The smallest: most of the time goes into writing the schema.
    base_schema="2008_R2",
    dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
).samdb

domain.transaction_start()
domain.add_ldif(wanted["entries"])
domain.modify_ldif(wanted["changes"])
domain.modify_ldif(wanted["stored"], controls=[AS_IT_IS])
domain.transaction_commit()
