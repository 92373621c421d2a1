import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.queries.mlt.MoreLikeThis;
import org.apache.lucene.search.*;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.*;

/**
 * What Lucene itself makes of a text field, for comparison with ContentIndex and WordBreaker.
 *
 * words FILE: each line's words, by spaces.
 * like FILE k SETTING…: FILE holds id TAB text lines, a setting is minTermFreq,minDocFreq,maxQueryTerms,percent; prints
 * for every setting and line: id TAB chosen terms by commas TAB id:score by spaces. Equal scores go by line order, so
 * sort the file by id.
 */
public class Oracle {
    public static void main(String[] a) throws Exception {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
        List<String> lines = Files.readAllLines(Paths.get(a[1]), StandardCharsets.UTF_8);
        if (a[0].equals("words")) words(lines, out);
        else like(lines, Integer.parseInt(a[2]), Arrays.copyOfRange(a, 3, a.length), out);
        out.flush();
    }

    static void words(List<String> lines, PrintStream out) throws IOException {
        try (StandardAnalyzer analyzer = new StandardAnalyzer()) {
            for (String line : lines) {
                List<String> words = new ArrayList<>();
                try (TokenStream stream = analyzer.tokenStream("text", line)) {
                    CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
                    stream.reset();
                    while (stream.incrementToken()) words.add(term.toString());
                    stream.end();
                }
                out.println(String.join(" ", words));
            }
        }
    }

    static void like(List<String> lines, int k, String[] settings, PrintStream out) throws IOException {
        Directory directory = new ByteBuffersDirectory();
        StandardAnalyzer analyzer = new StandardAnalyzer();
        IndexWriterConfig config = new IndexWriterConfig(analyzer);
        config.setSimilarity(new BM25Similarity(1.2f, 0.75f));
        FieldType type = new FieldType(TextField.TYPE_STORED);
        type.setStoreTermVectors(true);
        type.freeze();
        try (IndexWriter writer = new IndexWriter(directory, config)) {
            for (String line : lines) {
                String[] parts = line.split("\t", 2);
                Document document = new Document();
                document.add(new StringField("id", parts[0], Field.Store.YES));
                document.add(new Field("text", parts[1], type));
                writer.addDocument(document);
            }
            writer.forceMerge(1);
        }
        try (IndexReader reader = DirectoryReader.open(directory)) {
            for (String setting : settings) {
                int[] values = Arrays.stream(setting.split(",")).mapToInt(Integer::parseInt).toArray();
                MoreLikeThis similar = new MoreLikeThis(reader);
                similar.setAnalyzer(analyzer);
                similar.setFieldNames(new String[] {"text"});
                similar.setMinTermFreq(values[0]);
                similar.setMinDocFreq(values[1]);
                similar.setMaxQueryTerms(values[2]);
                for (int d = 0; d < lines.size(); d++) print(reader, d, (BooleanQuery) similar.like(d), values[3], k, out);
            }
        }
    }

    static void print(IndexReader reader, int d, BooleanQuery query, int percent, int k, PrintStream out)
            throws IOException {
        IndexSearcher searcher = new IndexSearcher(reader);
        searcher.setSimilarity(new BM25Similarity(1.2f, 0.75f));
        List<String> terms = new ArrayList<>();
        BooleanQuery.Builder some = new BooleanQuery.Builder();
        for (BooleanClause clause : query.clauses()) {
            terms.add(((TermQuery) clause.getQuery()).getTerm().text());
            some.add(clause);
        }
        some.setMinimumNumberShouldMatch((int) (terms.size() * percent * (1 / 100f)));
        BooleanQuery.Builder all = new BooleanQuery.Builder();
        all.add(some.build(), BooleanClause.Occur.MUST);
        String id = reader.document(d).get("id");
        all.add(new TermQuery(new Term("id", id)), BooleanClause.Occur.MUST_NOT);
        StringBuilder hits = new StringBuilder();
        for (ScoreDoc hit : searcher.search(all.build(), k).scoreDocs)
            hits.append(reader.document(hit.doc).get("id")).append(':').append(hit.score).append(' ');
        out.println(id + "\t" + String.join(",", terms) + "\t" + hits.toString().trim());
    }
}
