<prompt schema="none"/>
