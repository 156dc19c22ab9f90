<prompt><m/></prompt>
