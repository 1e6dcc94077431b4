"""The table of all faults."""

from faults.faults_of_access import ACCESS
from faults.faults_of_bodies import BODIES
from faults.faults_of_connections import CONNECTIONS
from faults.faults_of_documents import DOCUMENTS
from faults.faults_of_framing import FRAMING
from faults.faults_of_refusals import REFUSALS

FAULTS = (*CONNECTIONS, *FRAMING, *BODIES, *DOCUMENTS, *REFUSALS, *ACCESS)
