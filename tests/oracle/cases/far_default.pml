<prompt schema="far"><storm/></prompt>
