document.title = "a page";
