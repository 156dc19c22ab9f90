<schema name="circle"><include src="circle.pml"/></schema>
