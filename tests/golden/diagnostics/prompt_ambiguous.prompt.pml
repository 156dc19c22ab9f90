<prompt><x/></prompt>
