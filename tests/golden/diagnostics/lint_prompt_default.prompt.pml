<prompt schema="behind"><a/>Free text here.</prompt>
