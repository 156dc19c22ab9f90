<prompt schema="house"></prompt>
