<prompt schema="s"/>
